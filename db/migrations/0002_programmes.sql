CREATE TABLE `bureau_numbers` (
	`number` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`holder` text,
	`as_of` text NOT NULL,
	`imported_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `bureau_by_state` ON `bureau_numbers` (`state`,`as_of`);--> statement-breakpoint
CREATE TABLE `campaign_sites` (
	`campaign_id` integer NOT NULL,
	`site_id` integer NOT NULL,
	`state` text NOT NULL,
	`reported` text,
	`reported_at` integer,
	`changed_at` integer NOT NULL,
	PRIMARY KEY(`campaign_id`, `site_id`),
	FOREIGN KEY (`campaign_id`) REFERENCES `campaigns`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`site_id`) REFERENCES `sites`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `campaign_sites_by_state` ON `campaign_sites` (`campaign_id`,`state`);--> statement-breakpoint
CREATE INDEX `campaign_sites_by_site` ON `campaign_sites` (`site_id`);--> statement-breakpoint
CREATE TABLE `campaigns` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`province` text NOT NULL,
	`provider_code` text NOT NULL,
	`report_to` text NOT NULL,
	`opens_on` text NOT NULL,
	`closes_on` text NOT NULL,
	`letters_until` text NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`published_on` text,
	`due_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `campaigns_name_unique` ON `campaigns` (`name`);--> statement-breakpoint
CREATE TABLE `inbound_messages` (
	`id` integer PRIMARY KEY NOT NULL,
	`source` text NOT NULL,
	`external_id` text NOT NULL,
	`mobile` text NOT NULL,
	`body` text NOT NULL,
	`received_at` integer NOT NULL,
	`outcome` text NOT NULL,
	`detail` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `inbound_once` ON `inbound_messages` (`source`,`external_id`);--> statement-breakpoint
CREATE INDEX `inbound_by_time` ON `inbound_messages` (`received_at`);--> statement-breakpoint
CREATE TABLE `orders` (
	`id` integer PRIMARY KEY NOT NULL,
	`order_number` text NOT NULL,
	`kind` text NOT NULL,
	`subject_number` text,
	`subject_name` text NOT NULL,
	`domains` text NOT NULL,
	`contact` text NOT NULL,
	`created_on` text NOT NULL,
	`touched_on` text NOT NULL,
	`state` text NOT NULL,
	`reason` text,
	`state_since` integer NOT NULL,
	`told` text NOT NULL,
	`due_at` integer,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `orders_order_number_unique` ON `orders` (`order_number`);--> statement-breakpoint
CREATE INDEX `orders_due` ON `orders` (`due_at`) WHERE due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `orders_by_state` ON `orders` (`state`,`id`);--> statement-breakpoint
CREATE TABLE `reviews` (
	`id` integer PRIMARY KEY NOT NULL,
	`site_id` integer NOT NULL,
	`check_id` text NOT NULL,
	`code` text NOT NULL,
	`about` text NOT NULL,
	`key` text NOT NULL,
	`params` text NOT NULL,
	`evidence` text NOT NULL,
	`state` text NOT NULL,
	`asked_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`ruled_at` integer,
	`ruled_by` text,
	`reason` text,
	FOREIGN KEY (`site_id`) REFERENCES `sites`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reviews_once` ON `reviews` (`site_id`,`check_id`,`code`,`about`,`key`);--> statement-breakpoint
CREATE INDEX `reviews_by_state` ON `reviews` (`state`,`asked_at`);--> statement-breakpoint
CREATE TABLE `violation_acts` (
	`id` integer PRIMARY KEY NOT NULL,
	`idempotency_key` text NOT NULL,
	`violation_id` integer NOT NULL,
	`site_id` integer NOT NULL,
	`act` text NOT NULL,
	`reason` text NOT NULL,
	`state` text NOT NULL,
	`approvals` text NOT NULL,
	`receipt` text,
	`error` text,
	`attempts` integer NOT NULL,
	`created_at` integer NOT NULL,
	`submitted_at` integer,
	`settled_at` integer,
	`next_at` integer,
	FOREIGN KEY (`violation_id`) REFERENCES `violations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `violation_acts_idempotency_key_unique` ON `violation_acts` (`idempotency_key`);--> statement-breakpoint
CREATE INDEX `violation_acts_due` ON `violation_acts` (`next_at`) WHERE next_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `violation_acts_by_site` ON `violation_acts` (`site_id`);--> statement-breakpoint
CREATE INDEX `violation_acts_by_violation` ON `violation_acts` (`violation_id`);--> statement-breakpoint
CREATE INDEX `violation_acts_by_day` ON `violation_acts` (`submitted_at`);--> statement-breakpoint
CREATE TABLE `violations` (
	`id` integer PRIMARY KEY NOT NULL,
	`event_id` text NOT NULL,
	`site_id` integer NOT NULL,
	`description` text NOT NULL,
	`reported_at` integer NOT NULL,
	`received_at` integer NOT NULL,
	`state` text NOT NULL,
	`reached_at` integer,
	`removed_at` integer,
	`suspend_asked_at` integer,
	`suspended_at` integer,
	`dry_run` integer NOT NULL,
	`history` text NOT NULL,
	`due_at` integer,
	FOREIGN KEY (`site_id`) REFERENCES `sites`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `violations_event_id_unique` ON `violations` (`event_id`);--> statement-breakpoint
CREATE INDEX `violations_due` ON `violations` (`due_at`) WHERE due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `violations_by_site` ON `violations` (`site_id`,`reported_at`);--> statement-breakpoint
DROP INDEX `check_states_sweep`;--> statement-breakpoint
CREATE INDEX `check_states_sweep` ON `check_states` (`sweep_id`,`next_due_at`);--> statement-breakpoint
ALTER TABLE `contacts` ADD `document_expires_at` text;--> statement-breakpoint
ALTER TABLE `contacts` ADD `mobile` text;--> statement-breakpoint
CREATE INDEX `contacts_by_mobile` ON `contacts` (`mobile`) WHERE mobile IS NOT NULL;--> statement-breakpoint
ALTER TABLE `sites` ADD `details` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `sites` ADD `server_id` text;--> statement-breakpoint
CREATE INDEX `sites_by_server` ON `sites` (`server_id`) WHERE server_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE `subjects` ADD `details` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
CREATE INDEX `subjects_by_province` ON `subjects` (`province`);--> statement-breakpoint
UPDATE `contacts` SET `mobile` = substr(replace(replace(replace(`phone`, '-', ''), ' ', ''), '+', ''), -11)
  WHERE length(replace(replace(replace(`phone`, '-', ''), ' ', ''), '+', '')) IN (11, 13, 15)
    AND substr(replace(replace(replace(`phone`, '-', ''), ' ', ''), '+', ''), -11) GLOB '1[3-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]';
