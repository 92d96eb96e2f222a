"""Pictures of depth: colours, panels, surfaces. The only place that imports matplotlib."""
