"""Depth labels for photos without depth, from networks that serve as teachers."""
