"""The scheduler: decides how many trainings may run, when a tuning job is over, what is lost and retried."""
