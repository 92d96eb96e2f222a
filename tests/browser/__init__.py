"""The page of ``depth-unet app``, driven in a browser."""
