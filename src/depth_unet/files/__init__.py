"""Atomic writes, and errors of damaged files."""
