CREATE TABLE `alerts` (
	`key` text PRIMARY KEY NOT NULL,
	`message` text NOT NULL,
	`raised_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`resolved_at` integer
);
--> statement-breakpoint
CREATE TABLE `check_states` (
	`site_id` integer NOT NULL,
	`check_id` text NOT NULL,
	`verdict` text,
	`codes` text DEFAULT '[]' NOT NULL,
	`since` integer,
	`checked_at` integer,
	`verdict_id` integer,
	`shadow` integer DEFAULT false NOT NULL,
	`next_due_at` integer,
	`sweep_id` integer,
	`claimed_at` integer,
	`judged_sweep_id` integer,
	`suspect_looks` integer DEFAULT 0 NOT NULL,
	`suspect_fails` integer DEFAULT 0 NOT NULL,
	`confirm_due_at` integer,
	`inconclusive_runs` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`site_id`, `check_id`),
	FOREIGN KEY (`site_id`) REFERENCES `sites`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `check_states_due` ON `check_states` (`next_due_at`) WHERE next_due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `check_states_confirm` ON `check_states` (`confirm_due_at`) WHERE confirm_due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `check_states_sweep` ON `check_states` (`sweep_id`,`check_id`);--> statement-breakpoint
CREATE INDEX `check_states_verdict` ON `check_states` (`verdict`,`check_id`);--> statement-breakpoint
CREATE TABLE `contacts` (
	`id` integer PRIMARY KEY NOT NULL,
	`subject_id` integer NOT NULL,
	`site_id` integer,
	`role` text NOT NULL,
	`name` text,
	`phone` text,
	`email` text,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`subject_id`) REFERENCES `subjects`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`site_id`) REFERENCES `sites`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `contacts_by_subject` ON `contacts` (`subject_id`);--> statement-breakpoint
CREATE INDEX `contacts_by_site` ON `contacts` (`site_id`);--> statement-breakpoint
CREATE TABLE `evidence` (
	`hash` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`size` integer NOT NULL,
	`body` blob NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `evidence_by_age` ON `evidence` (`created_at`);--> statement-breakpoint
CREATE TABLE `imports` (
	`id` integer PRIMARY KEY NOT NULL,
	`file` text NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`rows` integer NOT NULL,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	`unchanged` integer NOT NULL,
	`rejected` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `registrations` (
	`domain` text PRIMARY KEY NOT NULL,
	`registry` text NOT NULL,
	`artifact` text NOT NULL,
	`dns` text,
	`observed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `registry_budgets` (
	`registry` text PRIMARY KEY NOT NULL,
	`next_free_at` integer NOT NULL,
	`refusals` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `rescan_requests` (
	`site_id` integer PRIMARY KEY NOT NULL,
	`requested_at` integer NOT NULL,
	`requested_by` text NOT NULL,
	FOREIGN KEY (`site_id`) REFERENCES `sites`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `schedule_slots` (
	`schedule` text NOT NULL,
	`slot` integer NOT NULL,
	`started_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `schedule_slots_once` ON `schedule_slots` (`schedule`,`slot`);--> statement-breakpoint
CREATE TABLE `site_hosts` (
	`site_id` integer NOT NULL,
	`host` text NOT NULL,
	`kind` text NOT NULL,
	`registrable` text NOT NULL,
	PRIMARY KEY(`site_id`, `host`),
	FOREIGN KEY (`site_id`) REFERENCES `sites`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `site_hosts_by_host` ON `site_hosts` (`host`);--> statement-breakpoint
CREATE INDEX `site_hosts_by_registrable` ON `site_hosts` (`registrable`);--> statement-breakpoint
CREATE TABLE `sites` (
	`id` integer PRIMARY KEY NOT NULL,
	`subject_id` integer NOT NULL,
	`site_number` text NOT NULL,
	`name` text NOT NULL,
	`service` text NOT NULL,
	`access_provider` text NOT NULL,
	`product` text,
	`filed_addresses` text NOT NULL,
	`approved_at` text,
	`lease_ends_at` text,
	`state` text NOT NULL,
	`row_digest` text NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`subject_id`) REFERENCES `subjects`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sites_site_number_unique` ON `sites` (`site_number`);--> statement-breakpoint
CREATE INDEX `sites_by_subject` ON `sites` (`subject_id`);--> statement-breakpoint
CREATE INDEX `sites_by_state` ON `sites` (`state`);--> statement-breakpoint
CREATE TABLE `subjects` (
	`id` integer PRIMARY KEY NOT NULL,
	`subject_number` text NOT NULL,
	`name` text NOT NULL,
	`kind` text NOT NULL,
	`province` text NOT NULL,
	`licence_number` text,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `subjects_subject_number_unique` ON `subjects` (`subject_number`);--> statement-breakpoint
CREATE TABLE `sweep_counts` (
	`sweep_id` integer NOT NULL,
	`check_id` text NOT NULL,
	`stage` text NOT NULL,
	`verdict` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`sweep_id`, `check_id`, `stage`, `verdict`),
	FOREIGN KEY (`sweep_id`) REFERENCES `sweeps`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `sweeps` (
	`id` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`held_reason` text,
	`total` integer DEFAULT 0 NOT NULL,
	`judged` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sweeps_by_start` ON `sweeps` (`started_at`);--> statement-breakpoint
CREATE INDEX `sweeps_by_state` ON `sweeps` (`state`,`kind`);--> statement-breakpoint
CREATE TABLE `verdict_evidence` (
	`verdict_id` integer NOT NULL,
	`hash` text NOT NULL,
	`name` text NOT NULL,
	PRIMARY KEY(`verdict_id`, `hash`, `name`),
	FOREIGN KEY (`verdict_id`) REFERENCES `verdicts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`hash`) REFERENCES `evidence`(`hash`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `verdict_evidence_by_hash` ON `verdict_evidence` (`hash`);--> statement-breakpoint
CREATE TABLE `verdicts` (
	`id` integer PRIMARY KEY NOT NULL,
	`site_id` integer NOT NULL,
	`check_id` text NOT NULL,
	`sweep_id` integer,
	`stage` text NOT NULL,
	`verdict` text NOT NULL,
	`findings` text NOT NULL,
	`shadow` integer NOT NULL,
	`observed_at` integer NOT NULL,
	`judged_at` integer NOT NULL,
	`algorithm_version` text NOT NULL,
	`ranges_version` text NOT NULL,
	`policy_version` text NOT NULL,
	FOREIGN KEY (`site_id`) REFERENCES `sites`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `verdicts_by_site` ON `verdicts` (`site_id`,`check_id`,`judged_at`);--> statement-breakpoint
CREATE INDEX `verdicts_by_age` ON `verdicts` (`judged_at`);