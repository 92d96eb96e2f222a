"""Several runs beside one another: the same frames, paired differences, curves, one page."""
