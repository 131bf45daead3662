"""Algorithms that climb the log-likelihood, one a file."""
