"""The optimiser as a library, for people: no service, no messages, plain Python values."""
