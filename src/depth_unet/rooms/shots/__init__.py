"""Where the camera stands and what it sees."""
