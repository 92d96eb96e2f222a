"""Camera poses, and photos with depth."""
