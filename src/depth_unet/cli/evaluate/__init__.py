"""``depth-unet evaluate``."""
