"""Tools for the developers of the package; not in the wheel."""
