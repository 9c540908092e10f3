"""The store: a port with one verb for change, and its adapters."""
