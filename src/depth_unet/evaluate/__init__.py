"""Scores of anything that predicts depth, over frames of a data set, under a protocol."""
