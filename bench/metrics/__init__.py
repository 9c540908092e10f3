"""What metrics promises about speed, memory and early stopping, each beside its floor or rival from the same run."""
