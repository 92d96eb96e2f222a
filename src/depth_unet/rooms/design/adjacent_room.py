"""The room behind an open door: a lit box with a few things in it, so that every ray ends."""

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.design.finishes import Finishes, warm_white
from depth_unet.rooms.design.kinds import Interval
from depth_unet.rooms.design.lighting import lamp_light
from depth_unet.rooms.design.openings import OUTSIDE_M, Opening
from depth_unet.rooms.design.walls import OVERLAP_M, Parts, Wall, panel
from depth_unet.rooms.furniture.materials import pick_material
from depth_unet.rooms.mesh import Material, Mesh, box, rotation
from depth_unet.rooms.textures.pool import TexturePool

DEPTH_M: Interval = (1.2, 5.0)
FRONT_M = OUTSIDE_M + 0.02
"""Position of its near wall, slightly inside the door frame."""
SIDE_M = 1.6


def build_adjacent_room(
    opening: Opening, wall: Wall, finishes: Finishes, textures: TexturePool, rng: Generator
) -> Parts:
    """Build the room behind an opening. It is no wider than the wall, so that two never overlap."""
    span = opening.span
    left_m = max(span.left_m - float(rng.uniform(0.2, SIDE_M)), 0.0)
    right_m = min(span.right_m + float(rng.uniform(0.2, SIDE_M)), wall.length_m)
    back_m = FRONT_M - float(rng.uniform(*DEPTH_M))
    paint = pick_material("plaster", rng, textures)
    floor = finishes.floor if rng.random() < 0.6 else pick_material("carpet", rng, textures)
    meshes = _enclosure((left_m, right_m), back_m, wall.height_m, finishes, (floor, paint))
    meshes += _near_wall((left_m, right_m), opening, wall, paint)
    meshes += _furnish((left_m, right_m), back_m, finishes, textures, rng)
    radiance = np.array(warm_white(rng)) * rng.uniform(3, 20)
    centre_m = ((left_m + right_m) / 2, (FRONT_M + back_m) / 2, wall.height_m - 0.03)
    parts = Parts()
    parts.put(wall, meshes, [lamp_light(centre_m, (0.4, 0.4), radiance)])
    return parts


def _enclosure(
    x_m: Interval,
    back_m: float,
    height_m: float,
    finishes: Finishes,
    own: tuple[Material, Material],
) -> list[Mesh]:
    """Floor, ceiling, far wall and side walls; ``own`` materials are for floor and walls."""
    (x0, x1), out = x_m, OVERLAP_M
    floor, paint = own
    top_m = (x1 + out, FRONT_M + 0.03, height_m + 0.04)
    # The floor overlaps the threshold and lies just below its surface.
    return [
        box((x0 - out, back_m - out, -0.04), (x1 + out, FRONT_M + 0.05, -0.004), floor, 1.4),
        box((x0 - out, back_m - out, height_m), top_m, finishes.ceiling, 1.2),
        box((x0 - out, back_m - 0.1, -out), (x1 + out, back_m, height_m + out), paint, 1.5),
        box((x0 - 0.1, back_m - out, -out), (x0, FRONT_M + out, height_m + out), paint, 1.5),
        box((x1, back_m - out, -out), (x1 + 0.1, FRONT_M + out, height_m + out), paint, 1.5),
        box((x0, back_m, -0.004), (x1, back_m + 0.015, 0.08), finishes.trim),
    ]


def _near_wall(x_m: Interval, opening: Opening, wall: Wall, paint: Material) -> list[Mesh]:
    """The back of the wall with the door, which is visible in mirrors and through gaps."""
    span, (y0, y1) = opening.span, (FRONT_M, FRONT_M + 0.04)
    pieces = [
        (x_m[0], span.left_m - 0.01, 0.0),
        (span.left_m - 0.01, span.right_m + 0.01, span.top_m + 0.01),
        (span.right_m + 0.01, x_m[1], 0.0),
    ]
    return [
        box((x0, y0, z0), (x1, y1, wall.height_m), paint, 1.5)
        for x0, x1, z0 in pieces
        if x1 - x0 > 0.01
    ]


def _furnish(
    x_m: Interval, back_m: float, finishes: Finishes, textures: TexturePool, rng: Generator
) -> list[Mesh]:
    """A picture or a door on the far wall, cabinets in the corners."""
    (x0, x1), meshes = x_m, []
    if rng.random() < 0.35:
        middle_m = float(rng.uniform(x0 + 0.5, max(x1 - 0.5, x0 + 0.55)))
        low, high = (middle_m - 0.42, back_m, 0.0), (middle_m + 0.42, back_m + 0.03, 2.02)
        meshes.append(box(low, high, finishes.door, 0.9))
    elif rng.random() < 0.7:
        width_m, height_m = (float(side) for side in rng.uniform(0.35, 0.9, 2))
        left_m = float(rng.uniform(x0 + 0.05, max(x1 - width_m - 0.05, x0 + 0.06)))
        picture = pick_material("picture", rng, textures)
        z_m = (1.2, 1.2 + height_m)
        x_picture = (left_m, min(left_m + width_m, x1))
        meshes.append(panel(x_picture, z_m, picture, depth_m=back_m + 0.02))
    for side in (x0, x1):
        if rng.random() < 0.6:
            meshes += _cabinet(side, side == x0, back_m, textures, rng)
    return meshes


def _cabinet(
    side_m: float, is_left: bool, back_m: float, textures: TexturePool, rng: Generator
) -> list[Mesh]:
    """A cabinet in a far corner, perhaps with books on it."""
    wide_m, deep_m, high_m = (
        float(rng.uniform(*span)) for span in ((0.3, 0.7), (0.3, 0.9), (0.4, 2.0))
    )
    deep_m = min(deep_m, FRONT_M - back_m - 0.6)
    body = box((0, 0, 0), (wide_m, deep_m, high_m), pick_material("grain", rng, textures), 0.9)
    meshes = [body]
    if high_m < 1.4:
        books = pick_material("books", rng, textures)
        meshes.append(
            box((0.04, 0.04, high_m), (wide_m - 0.05, 0.3 * deep_m + 0.05, high_m + 0.24), books)
        )
    start_m = side_m + 0.02 if is_left else side_m - 0.02 - wide_m
    return [mesh.transform(rotation(0, (start_m, back_m + 0.03, 0))) for mesh in meshes]
