"""Builds the full furniture pack from the sources of its models."""
