"""Procedural textures."""
