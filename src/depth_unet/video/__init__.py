"""Depth of videos: frames in, stabilised depth, files with sound out."""
