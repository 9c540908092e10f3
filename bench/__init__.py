"""What the project claims about speed, reproducible: each figure beside its floor, from the same run."""
