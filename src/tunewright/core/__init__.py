"""Pure values and rules that every part shares; standard library only."""
