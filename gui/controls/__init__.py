"""What the user sets: panels made from the fields of engine classes, and the transport."""
