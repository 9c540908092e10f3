"""How fast the scheduler is, how many jobs it bears, and how soon it is back: `python -m bench.scheduler`."""
