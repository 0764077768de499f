CREATE INDEX `contact_tokens_by_expiry` ON `contact_tokens` (`expires_at`);--> statement-breakpoint
CREATE INDEX `extra_contacts_removed` ON `extra_contacts` (`removed_at`) WHERE removed_at IS NOT NULL;--> statement-breakpoint
INSERT INTO `subject_search`(`subject_search`, rank) VALUES('secure-delete', 1);