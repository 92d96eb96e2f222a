"""A whole room from a seed: shell, furniture, things on walls, small things."""

import numpy as np

from depth_unet.rooms.design.clutter import make_rugs, put_on_floor, put_on_tops
from depth_unet.rooms.design.floorplan import make_plan
from depth_unet.rooms.design.furnish import furnish
from depth_unet.rooms.design.hangings import hang
from depth_unet.rooms.design.kinds import pick_kind
from depth_unet.rooms.design.shell import build_shell
from depth_unet.rooms.furniture.catalogue import Catalogue
from depth_unet.rooms.options import Furniture, Share
from depth_unet.rooms.scene import Scene
from depth_unet.rooms.textures.texture import TexturePool

STREAMS = ("kind", "shell", "furniture", "hangings", "clutter")
"""Each has its own random numbers: a change to one does not change the others."""


def make_scene(seed: int, *, furniture: Furniture, share: Share) -> Scene:
    """Build one room; the same seed, at least 0, gives the same scene, bit for bit.

    Raises:
        DataError: The furniture pack is missing.
    """
    rngs = {name: np.random.default_rng([seed, stream]) for stream, name in enumerate(STREAMS)}
    textures, catalogue = TexturePool(share), Catalogue(furniture, share)
    kind = pick_kind(rngs["kind"])
    shell = build_shell(kind, rngs["shell"], textures)
    plan = make_plan(shell)
    furnish(plan, kind, catalogue, rngs["furniture"])
    parts = hang(plan, kind, textures, rngs["hangings"])
    things = put_on_tops(plan, kind, catalogue, rngs["clutter"])
    put_on_floor(plan, kind, catalogue, rngs["clutter"])
    meshes = [*shell.meshes, *parts.meshes, *make_rugs(plan, textures, rngs["clutter"])]
    for placed in (*plan.placed, *things):
        meshes += placed.meshes
    return Scene(
        seed=seed,
        kind=kind.name,
        size_m=shell.size_m,
        meshes=tuple(meshes),
        lights=shell.lights,
        sun=shell.sun,
        footprints_m=np.array(plan.footprints_m, np.float32).reshape(-1, 4),
    )
