CREATE TABLE `case_events` (
	`case_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`at` integer NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_name` text NOT NULL,
	`move` text NOT NULL,
	`from_state` text,
	`to_state` text NOT NULL,
	`data` text NOT NULL,
	`prev_hash` text NOT NULL,
	`hash` text NOT NULL,
	PRIMARY KEY(`case_id`, `seq`),
	FOREIGN KEY (`case_id`) REFERENCES `cases`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `case_findings` (
	`case_id` integer NOT NULL,
	`site_id` integer NOT NULL,
	`check_id` text NOT NULL,
	`code` text NOT NULL,
	`about` text NOT NULL,
	`params` text NOT NULL,
	`evidence` text NOT NULL,
	`verdict_id` integer,
	`first_seen_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`cleared_at` integer,
	PRIMARY KEY(`case_id`, `site_id`, `check_id`, `code`, `about`),
	FOREIGN KEY (`case_id`) REFERENCES `cases`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `cases` (
	`id` integer PRIMARY KEY NOT NULL,
	`code` text NOT NULL,
	`programme` text NOT NULL,
	`scope` text NOT NULL,
	`subject_id` integer NOT NULL,
	`site_id` integer,
	`state` text NOT NULL,
	`opened_at` integer NOT NULL,
	`closed_at` integer,
	`deadline_at` integer NOT NULL,
	`told_at` integer,
	`dry_run` integer NOT NULL,
	`policy_version` text NOT NULL,
	`record` text NOT NULL,
	`seq` integer NOT NULL,
	`head_hash` text NOT NULL,
	`due_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `cases_code_unique` ON `cases` (`code`);--> statement-breakpoint
CREATE UNIQUE INDEX `cases_one_open_site` ON `cases` (`site_id`,`programme`) WHERE closed_at IS NULL AND scope = 'site';--> statement-breakpoint
CREATE UNIQUE INDEX `cases_one_open_subject` ON `cases` (`subject_id`,`programme`) WHERE closed_at IS NULL AND scope = 'subject';--> statement-breakpoint
CREATE INDEX `cases_due` ON `cases` (`due_at`) WHERE due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `cases_by_state` ON `cases` (`state`,`deadline_at`);--> statement-breakpoint
CREATE INDEX `cases_by_site` ON `cases` (`site_id`);--> statement-breakpoint
CREATE INDEX `cases_by_subject` ON `cases` (`subject_id`);--> statement-breakpoint
CREATE TABLE `contact_tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`contact_id` integer NOT NULL,
	`channel` text NOT NULL,
	`address` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`misses` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`contact_id`) REFERENCES `extra_contacts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `contact_tokens_by_contact` ON `contact_tokens` (`contact_id`,`channel`);--> statement-breakpoint
CREATE TABLE `dead_addresses` (
	`channel` text NOT NULL,
	`address` text NOT NULL,
	`code` text NOT NULL,
	`reason` text NOT NULL,
	`since` integer NOT NULL,
	`message_id` integer,
	PRIMARY KEY(`channel`, `address`)
);
--> statement-breakpoint
CREATE TABLE `enforcements` (
	`id` integer PRIMARY KEY NOT NULL,
	`idempotency_key` text NOT NULL,
	`case_id` integer NOT NULL,
	`site_id` integer NOT NULL,
	`act` text NOT NULL,
	`round` integer NOT NULL,
	`state` text NOT NULL,
	`dry_run` integer NOT NULL,
	`irrevocable` integer NOT NULL,
	`payload` text NOT NULL,
	`receipt` text,
	`error` text,
	`attempts` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`submitted_at` integer,
	`settled_at` integer,
	`next_at` integer,
	`look_asked_at` integer,
	FOREIGN KEY (`case_id`) REFERENCES `cases`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `enforcements_idempotency_key_unique` ON `enforcements` (`idempotency_key`);--> statement-breakpoint
CREATE UNIQUE INDEX `enforcements_once` ON `enforcements` (`case_id`,`site_id`,`act`,`round`);--> statement-breakpoint
CREATE INDEX `enforcements_due` ON `enforcements` (`next_at`) WHERE next_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `enforcements_by_day` ON `enforcements` (`submitted_at`);--> statement-breakpoint
CREATE TABLE `extra_contacts` (
	`id` integer PRIMARY KEY NOT NULL,
	`subject_id` integer NOT NULL,
	`name` text NOT NULL,
	`email` text,
	`phone` text,
	`email_verified_at` integer,
	`phone_verified_at` integer,
	`created_at` integer NOT NULL,
	`removed_at` integer
);
--> statement-breakpoint
CREATE INDEX `extra_contacts_by_subject` ON `extra_contacts` (`subject_id`);--> statement-breakpoint
CREATE INDEX `extra_contacts_by_phone` ON `extra_contacts` (`phone`);--> statement-breakpoint
CREATE TABLE `holds` (
	`key` text PRIMARY KEY NOT NULL,
	`reason` text NOT NULL,
	`held_by` text NOT NULL,
	`since` integer NOT NULL,
	`released_at` integer,
	`count_from` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `in_site_messages` (
	`id` integer PRIMARY KEY NOT NULL,
	`subject_id` integer NOT NULL,
	`message_id` integer NOT NULL,
	`title` text NOT NULL,
	`body` text NOT NULL,
	`created_at` integer NOT NULL,
	`read_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `in_site_messages_message_id_unique` ON `in_site_messages` (`message_id`);--> statement-breakpoint
CREATE INDEX `in_site_by_subject` ON `in_site_messages` (`subject_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `message_attempts` (
	`id` integer PRIMARY KEY NOT NULL,
	`message_id` integer NOT NULL,
	`what` text NOT NULL,
	`at` integer NOT NULL,
	`outcome` text NOT NULL,
	`detail` text NOT NULL,
	FOREIGN KEY (`message_id`) REFERENCES `messages`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `message_attempts_by_message` ON `message_attempts` (`message_id`);--> statement-breakpoint
CREATE TABLE `messages` (
	`id` integer PRIMARY KEY NOT NULL,
	`correlation_id` text NOT NULL,
	`channel` text NOT NULL,
	`recipient` text NOT NULL,
	`kind` text NOT NULL,
	`content` text NOT NULL,
	`state` text NOT NULL,
	`provider` text,
	`provider_id` text,
	`code` text,
	`error` text,
	`attempts` integer NOT NULL,
	`lookups` integer DEFAULT 0 NOT NULL,
	`absences` integer DEFAULT 0 NOT NULL,
	`possible_duplicates` integer DEFAULT 0 NOT NULL,
	`sent_day` text NOT NULL,
	`created_at` integer NOT NULL,
	`sending_at` integer NOT NULL,
	`accepted_at` integer,
	`settled_at` integer,
	`next_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `messages_correlation_id_unique` ON `messages` (`correlation_id`);--> statement-breakpoint
CREATE INDEX `messages_due` ON `messages` (`next_at`) WHERE next_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `messages_caps` ON `messages` (`channel`,`recipient`,`sent_day`);--> statement-breakpoint
CREATE INDEX `messages_recent` ON `messages` (`created_at`);--> statement-breakpoint
CREATE INDEX `messages_by_state` ON `messages` (`state`,`created_at`);--> statement-breakpoint
CREATE TABLE `notices` (
	`id` integer PRIMARY KEY NOT NULL,
	`topic` text NOT NULL,
	`stage` text NOT NULL,
	`kind` text NOT NULL,
	`channel` text NOT NULL,
	`recipient` text NOT NULL,
	`person` text NOT NULL,
	`name` text,
	`case_id` integer,
	`subject_id` integer,
	`site_id` integer,
	`params` text NOT NULL,
	`state` text NOT NULL,
	`reason` text,
	`dry_run` integer NOT NULL,
	`not_before` integer NOT NULL,
	`message_id` integer,
	`created_at` integer NOT NULL,
	`look_asked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `notices_once` ON `notices` (`topic`,`stage`,`channel`,`recipient`);--> statement-breakpoint
CREATE INDEX `notices_due` ON `notices` (`not_before`) WHERE state = 'planned';--> statement-breakpoint
CREATE INDEX `notices_by_case` ON `notices` (`case_id`);--> statement-breakpoint
CREATE INDEX `notices_by_message` ON `notices` (`message_id`);--> statement-breakpoint
CREATE INDEX `notices_by_state` ON `notices` (`state`,`created_at`);--> statement-breakpoint
CREATE TRIGGER `case_events_no_update` BEFORE UPDATE ON `case_events` BEGIN SELECT RAISE(ABORT, 'case_events is append-only'); END;--> statement-breakpoint
CREATE TRIGGER `case_events_no_delete` BEFORE DELETE ON `case_events` BEGIN SELECT RAISE(ABORT, 'case_events is append-only'); END;--> statement-breakpoint
CREATE TRIGGER `message_attempts_no_update` BEFORE UPDATE ON `message_attempts` BEGIN SELECT RAISE(ABORT, 'message_attempts is append-only'); END;--> statement-breakpoint
CREATE TRIGGER `message_attempts_no_delete` BEFORE DELETE ON `message_attempts` BEGIN SELECT RAISE(ABORT, 'message_attempts is append-only'); END;
