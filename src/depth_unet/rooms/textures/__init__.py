"""Procedural textures: surfaces that tile, prints that are shown once, and their pool."""
