"""Running one attempt: the port, and its adapters."""
