CREATE INDEX `portal_keys_given_out` ON `portal_keys` (`case_ids`) WHERE issued_by IS NOT NULL;
--> statement-breakpoint
DELETE FROM `portal_visits`;
