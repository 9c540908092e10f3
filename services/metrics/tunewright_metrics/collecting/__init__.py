"""From topics into the store: messages folded, committed, and told; what is kept of them, and for how long."""
