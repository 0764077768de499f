CREATE TABLE `portal_visits` (
	`hash` text PRIMARY KEY NOT NULL,
	`salt` text NOT NULL,
	`key_hashes` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `portal_visits_by_expiry` ON `portal_visits` (`expires_at`);--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_portal_keys` (
	`hash` text PRIMARY KEY NOT NULL,
	`case_ids` text NOT NULL,
	`message_id` integer,
	`issued_by` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `__new_portal_keys`("hash", "case_ids", "message_id", "issued_by", "created_at", "expires_at") SELECT "hash", "case_ids", "message_id", NULL, "created_at", "expires_at" FROM `portal_keys`;--> statement-breakpoint
DROP TABLE `portal_keys`;--> statement-breakpoint
ALTER TABLE `__new_portal_keys` RENAME TO `portal_keys`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE INDEX `portal_keys_by_expiry` ON `portal_keys` (`expires_at`);--> statement-breakpoint
ALTER TABLE `alerts` ADD `message_zh` text;--> statement-breakpoint
ALTER TABLE `sweeps` ADD `held_reason_zh` text;--> statement-breakpoint
ALTER TABLE `extra_contacts` ADD `case_id` integer REFERENCES cases(id);--> statement-breakpoint
CREATE INDEX `extra_contacts_by_case` ON `extra_contacts` (`case_id`) WHERE case_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE `holds` ADD `reason_zh` text;--> statement-breakpoint
ALTER TABLE `notices` ADD `reason_zh` text;--> statement-breakpoint
CREATE INDEX `audit_by_actor_action` ON `audit_log` (`actor`,`action`,`id`);