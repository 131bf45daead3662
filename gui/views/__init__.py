"""What the user sees: one view a file; a view shows frames and runs nothing."""
