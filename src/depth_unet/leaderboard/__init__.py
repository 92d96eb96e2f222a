"""Many evaluations as one table per part, protocol and set of photos."""
