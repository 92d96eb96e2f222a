"""Atomic writes, and what counts as a damaged file."""
