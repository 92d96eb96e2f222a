"""What stands where in a room."""
