"""The surrogate model: configurations as numbers, objectives as targets, a Gaussian process. Needs numpy and scipy."""
