DROP INDEX `check_states_sweep`;--> statement-breakpoint
CREATE INDEX `check_states_pending` ON `check_states` (`sweep_id`,`next_due_at`) WHERE judged_sweep_id IS NOT sweep_id;