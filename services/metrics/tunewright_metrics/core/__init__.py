"""What a line means and how a stream of lines folds into a summary. No clock, no I/O, no logging."""
