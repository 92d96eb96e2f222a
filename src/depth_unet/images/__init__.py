"""Photos and images: decoding, resizing, 16-bit millimetres."""
