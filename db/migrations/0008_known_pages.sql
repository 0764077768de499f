CREATE TABLE `known_pages` (
	`site_id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`proof` text NOT NULL,
	`changes` integer NOT NULL,
	`kept_at` integer NOT NULL,
	FOREIGN KEY (`site_id`) REFERENCES `sites`(`id`) ON UPDATE no action ON DELETE cascade
);
