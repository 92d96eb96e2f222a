"""Files of rendered rooms."""
