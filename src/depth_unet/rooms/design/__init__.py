"""Builds the scene of one room: walls, doors, windows, lamps, furniture and small things."""
