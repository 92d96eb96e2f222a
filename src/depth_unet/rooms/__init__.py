"""Procedural rooms: photos with exact metric depth from a seed, rendered on the CPU."""
