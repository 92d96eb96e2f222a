"""Depth as points and triangles in metres, and the files that viewers open."""
