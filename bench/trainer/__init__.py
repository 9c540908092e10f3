"""What the trainer promises about speed and memory, each beside its floor or rival from the same run."""
