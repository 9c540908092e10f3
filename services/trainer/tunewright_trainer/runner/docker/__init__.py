"""The Docker runner: a container per instance, on the engine of this host."""
