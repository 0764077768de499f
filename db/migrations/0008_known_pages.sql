CREATE TABLE `known_pages` (
	`site_id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`reader` text NOT NULL,
	`proof` text NOT NULL,
	`changes` integer NOT NULL,
	`kept_at` integer NOT NULL,
	FOREIGN KEY (`site_id`) REFERENCES `sites`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
DROP INDEX `check_states_sweep`;--> statement-breakpoint
CREATE INDEX `check_states_pending` ON `check_states` (`sweep_id`,`next_due_at`) WHERE judged_sweep_id IS NOT sweep_id;