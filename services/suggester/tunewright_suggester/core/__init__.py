"""The suggester's decisions: pure functions of an ask; numpy and scipy only, and those only where a model is fitted."""
