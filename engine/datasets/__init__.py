"""Data stories: where a dataset comes from, one generating story a file."""
