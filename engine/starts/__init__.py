"""Ways to choose where all lanes begin, one a file."""
