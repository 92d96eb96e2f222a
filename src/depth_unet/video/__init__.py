"""Depth of moving pictures: frames in, steady depth, files with sound out."""
