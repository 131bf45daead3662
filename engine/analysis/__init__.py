"""What is computed around a point or from a trace, one idea a file; never charged to a lane."""
