"""Exports of a trained network: a weights file, and an ONNX file that answers in metres."""
