"""The renderer: casts rays with Embree, computes light and depth, removes noise."""
