CREATE TABLE `portal_keys` (
	`hash` text PRIMARY KEY NOT NULL,
	`case_ids` text NOT NULL,
	`message_id` integer NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `portal_keys_by_expiry` ON `portal_keys` (`expires_at`);--> statement-breakpoint
CREATE TABLE `portal_sessions` (
	`hash` text PRIMARY KEY NOT NULL,
	`case_ids` text NOT NULL,
	`key_hash` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `portal_sessions_by_expiry` ON `portal_sessions` (`expires_at`);