"""Depth metrics, the protocols they are computed under, and their averages over images."""
