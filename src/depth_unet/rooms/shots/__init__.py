"""Places cameras in a scene and takes photos with depth there."""
