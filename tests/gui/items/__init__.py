"""Tests of plot items."""
