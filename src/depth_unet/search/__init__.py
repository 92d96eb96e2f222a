"""Many trainings that differ in a few settings, and which of them did best."""
