ALTER TABLE `sites` ADD `confirmed_at` integer;--> statement-breakpoint
ALTER TABLE `subjects` ADD `name_since` integer;--> statement-breakpoint
ALTER TABLE `campaigns` ADD `revoked_on` text;