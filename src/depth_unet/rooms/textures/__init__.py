"""What surfaces look like."""
