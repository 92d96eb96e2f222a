"""Composes a whole room from a seed: shell, furniture, wall objects, small things."""

import numpy as np

from depth_unet.rooms.design.clutter import make_rugs, put_on_floor, put_on_tops
from depth_unet.rooms.design.floorplan import make_plan
from depth_unet.rooms.design.furnish import furnish
from depth_unet.rooms.design.kinds import pick_kind
from depth_unet.rooms.design.shell import build_shell
from depth_unet.rooms.design.wall_objects import hang_on_walls
from depth_unet.rooms.furniture.catalogue import Catalogue
from depth_unet.rooms.options import Furniture, Split
from depth_unet.rooms.scene import Scene
from depth_unet.rooms.textures.pool import TexturePool

STREAMS = ("kind", "shell", "furniture", "walls", "clutter")
"""Each step has its own random numbers, so that a change to one does not affect the others."""


def make_scene(seed: int, *, furniture: Furniture, split: Split) -> Scene:
    """Build one room; the same seed, at least 0, gives the same scene, bit for bit.

    Raises:
        DataError: The furniture pack is missing or damaged.
    """
    rngs = {name: np.random.default_rng([seed, stream]) for stream, name in enumerate(STREAMS)}
    textures, catalogue = TexturePool(split), Catalogue(furniture, split)
    kind = pick_kind(rngs["kind"])
    shell = build_shell(kind, rngs["shell"], textures)
    plan = make_plan(shell)
    furnish(plan, kind, catalogue, rngs["furniture"])
    parts = hang_on_walls(plan, kind, textures, rngs["walls"])
    things = put_on_tops(plan, kind, catalogue, rngs["clutter"])
    put_on_floor(plan, kind, catalogue, rngs["clutter"])
    meshes = [*shell.meshes, *parts.meshes, *make_rugs(plan, textures, rngs["clutter"])]
    for placed in (*plan.placed, *things):
        meshes += placed.meshes
    return Scene(
        kind=kind.name,
        size_m=shell.size_m,
        meshes=tuple(meshes),
        lights=shell.lights,
        sun=shell.sun,
        footprints_m=np.array(plan.footprints_m, np.float32).reshape(-1, 4),
    )
