"""Tables beside the window: numbers that can be read, sorted, copied, and those of the start typed over."""
