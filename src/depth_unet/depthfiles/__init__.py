"""Depth maps as files that other programs read, each with its unit and where it comes from."""
