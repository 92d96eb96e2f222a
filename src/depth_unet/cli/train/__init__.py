"""``depth-unet train``."""
