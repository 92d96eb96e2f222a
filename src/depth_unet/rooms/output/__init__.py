"""Writes rooms to disk: image files, lists of pairs, records and the manifest."""
