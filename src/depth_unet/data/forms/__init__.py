"""NYU Depth v2 in the forms that people download, each read where it lies."""
