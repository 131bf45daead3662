"""Tests of the help without a window."""
