"""What could be done better, found in a job's own trainings: a module per rule, and the ranges to try next."""
