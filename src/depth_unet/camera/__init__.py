"""Cameras: intrinsics, calibration files, and the rule that keeps depth metric."""
