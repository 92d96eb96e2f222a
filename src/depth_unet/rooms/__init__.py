"""Procedural rooms: photos with exact metric depth from a seed, rendered on the CPU.

``generate`` plans a set and calls ``worker.make_room`` for each room. There, ``shots.shooting``
takes the photos: ``design.compose`` builds the scene, ``shots.views`` or ``shots.poses`` place
cameras, ``render.render`` computes light and depth, ``shots.sensor`` makes the photo. ``output``
encodes photo and depth, and the worker writes the files.
"""
