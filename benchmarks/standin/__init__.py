"""Data sets of full size with small photos, in the layouts that people download."""
