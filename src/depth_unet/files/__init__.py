"""Atomic writes, folders, text, and errors of damaged files."""
