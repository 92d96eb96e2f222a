"""``depth-unet predict``."""
