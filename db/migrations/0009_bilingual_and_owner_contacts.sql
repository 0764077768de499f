ALTER TABLE `alerts` ADD `message_zh` text;--> statement-breakpoint
ALTER TABLE `sweeps` ADD `held_reason_zh` text;--> statement-breakpoint
ALTER TABLE `extra_contacts` ADD `case_id` integer REFERENCES cases(id);--> statement-breakpoint
CREATE INDEX `extra_contacts_by_case` ON `extra_contacts` (`case_id`) WHERE case_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE `holds` ADD `reason_zh` text;--> statement-breakpoint
ALTER TABLE `notices` ADD `reason_zh` text;--> statement-breakpoint
ALTER TABLE `import_rejects` ADD `remedy_zh` text;