"""What the project claims about its optimiser, reproducible. README.md beside this says how to run it."""
