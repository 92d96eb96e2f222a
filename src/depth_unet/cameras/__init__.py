"""Calibrations of real cameras: from files of other programs, with distortion, and from EXIF."""
