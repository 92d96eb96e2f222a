"""Light: from a scene to an image."""
