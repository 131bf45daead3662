"""Ways to write constrained parameters for an optimiser, one a file."""
