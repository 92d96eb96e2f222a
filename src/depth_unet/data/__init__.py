"""From files to batches: sources, room-wise splits, the cache, loading and augmentation."""
