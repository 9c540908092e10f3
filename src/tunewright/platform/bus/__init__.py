"""The bus: a port for keyed, partitioned, at-least-once topics, and its adapters."""
