"""Pieces of furniture and their shapes."""
