"""One file per command: compose the parts, run, say what was written."""
