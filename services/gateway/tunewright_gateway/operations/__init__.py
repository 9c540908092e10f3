"""What the door can do: one function an operation."""
