"""Prediction: a model, a photo, depth in metres."""
