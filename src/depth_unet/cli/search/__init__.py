"""``depth-unet search``."""
