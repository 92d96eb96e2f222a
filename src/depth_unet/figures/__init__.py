"""Pictures of depth: colours, panels, surfaces, curves."""
