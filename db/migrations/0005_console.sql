CREATE TABLE `admin_sessions` (
	`hash` text PRIMARY KEY NOT NULL,
	`admin_id` integer NOT NULL,
	`created_at` integer NOT NULL,
	`seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`admin_id`) REFERENCES `admins`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `admin_sessions_by_expiry` ON `admin_sessions` (`expires_at`);--> statement-breakpoint
CREATE INDEX `admin_sessions_by_admin` ON `admin_sessions` (`admin_id`);--> statement-breakpoint
CREATE TABLE `admins` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`password_hash` text,
	`role` text NOT NULL,
	`language` text NOT NULL,
	`totp_secret` text,
	`totp_step` integer,
	`oidc_subject` text,
	`failures` integer DEFAULT 0 NOT NULL,
	`locked_until` integer,
	`created_at` integer NOT NULL,
	`disabled_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `admins_name_unique` ON `admins` (`name`);--> statement-breakpoint
CREATE UNIQUE INDEX `admins_oidc_subject_unique` ON `admins` (`oidc_subject`);--> statement-breakpoint
CREATE TABLE `api_keys` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`scopes` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer,
	`last_used_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_name_unique` ON `api_keys` (`name`);--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_hash_unique` ON `api_keys` (`hash`);--> statement-breakpoint
CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`object` text NOT NULL,
	`outcome` text NOT NULL,
	`detail` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_by_actor` ON `audit_log` (`actor`,`id`);--> statement-breakpoint
CREATE INDEX `audit_by_object` ON `audit_log` (`object`,`id`);--> statement-breakpoint
CREATE INDEX `audit_by_action` ON `audit_log` (`action`,`id`);--> statement-breakpoint
CREATE TABLE `case_feed` (
	`id` integer PRIMARY KEY NOT NULL,
	`case_id` integer NOT NULL,
	`seq` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `case_feed_once` ON `case_feed` (`case_id`,`seq`);--> statement-breakpoint
CREATE TABLE `idempotent_answers` (
	`key_id` integer NOT NULL,
	`idempotency_key` text NOT NULL,
	`digest` text NOT NULL,
	`status` integer,
	`body` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`key_id`, `idempotency_key`)
);
--> statement-breakpoint
CREATE INDEX `idempotent_by_age` ON `idempotent_answers` (`created_at`);--> statement-breakpoint
CREATE TABLE `import_rejects` (
	`id` integer PRIMARY KEY NOT NULL,
	`import_id` integer NOT NULL,
	`row` integer NOT NULL,
	`column` text NOT NULL,
	`value` text NOT NULL,
	`remedy` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `import_rejects_by_import` ON `import_rejects` (`import_id`,`id`);--> statement-breakpoint
CREATE TABLE `saved_views` (
	`id` integer PRIMARY KEY NOT NULL,
	`admin_id` integer NOT NULL,
	`page` text NOT NULL,
	`name` text NOT NULL,
	`query` text NOT NULL,
	FOREIGN KEY (`admin_id`) REFERENCES `admins`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `saved_views_once` ON `saved_views` (`admin_id`,`page`,`name`);--> statement-breakpoint
CREATE TABLE `webhooks` (
	`id` integer PRIMARY KEY NOT NULL,
	`url` text NOT NULL,
	`secret` text NOT NULL,
	`moves` text NOT NULL,
	`cursor` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`last_error` text,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`next_at` integer,
	`removed_at` integer
);
--> statement-breakpoint
CREATE INDEX `webhooks_due` ON `webhooks` (`next_at`) WHERE next_at IS NOT NULL;--> statement-breakpoint
DROP INDEX `check_states_verdict`;--> statement-breakpoint
CREATE INDEX `check_states_verdict` ON `check_states` (`verdict`,`site_id`,`check_id`);--> statement-breakpoint
ALTER TABLE `rescan_requests` ADD `bulk` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `rescan_requests_in_turn` ON `rescan_requests` (`bulk`,`requested_at`);--> statement-breakpoint
CREATE INDEX `sites_by_provider` ON `sites` (`access_provider`);--> statement-breakpoint
CREATE INDEX `subjects_by_name` ON `subjects` (`name`);--> statement-breakpoint
CREATE INDEX `sweeps_by_kind` ON `sweeps` (`kind`,`started_at`);--> statement-breakpoint
CREATE INDEX `cases_by_programme` ON `cases` (`programme`,`state`,`deadline_at`);--> statement-breakpoint
CREATE TRIGGER `audit_log_no_update` BEFORE UPDATE ON `audit_log` BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;--> statement-breakpoint
CREATE TRIGGER `audit_log_no_delete` BEFORE DELETE ON `audit_log` BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;--> statement-breakpoint
CREATE VIRTUAL TABLE `subject_search` USING fts5(name, content='subjects', content_rowid='id', tokenize='trigram');--> statement-breakpoint
INSERT INTO `subject_search`(`subject_search`) VALUES ('rebuild');--> statement-breakpoint
CREATE TRIGGER `subject_search_insert` AFTER INSERT ON `subjects` BEGIN INSERT INTO `subject_search`(rowid, name) VALUES (new.id, new.name); END;--> statement-breakpoint
CREATE TRIGGER `subject_search_delete` AFTER DELETE ON `subjects` BEGIN INSERT INTO `subject_search`(`subject_search`, rowid, name) VALUES ('delete', old.id, old.name); END;--> statement-breakpoint
CREATE TRIGGER `subject_search_update` AFTER UPDATE OF `name` ON `subjects` WHEN old.name IS NOT new.name BEGIN INSERT INTO `subject_search`(`subject_search`, rowid, name) VALUES ('delete', old.id, old.name); INSERT INTO `subject_search`(rowid, name) VALUES (new.id, new.name); END;
