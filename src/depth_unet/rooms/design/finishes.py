"""Finishes: the materials of floor, ceiling, walls, doors and trim, picked once per room."""

from dataclasses import dataclass

from numpy.random import Generator

from depth_unet.rooms.design.kinds import Interval, RoomKind, pick_by_share
from depth_unet.rooms.furniture.materials import pick_material
from depth_unet.rooms.mesh import Material, Vector
from depth_unet.rooms.textures.pool import SIZE_M, TexturePool

METAL = Material(albedo=(0.45, 0.44, 0.42), gloss=0.3)
DARK = Material(albedo=(0.03, 0.03, 0.035), gloss=0.08)
POLISHED = ("wood", "tile", "stone")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finishes:
    """The finishes of one room; ``..._texture_m`` is the side of one repetition of a texture."""

    floor: Material
    floor_texture_m: float
    ceiling: Material
    ceiling_texture_m: float
    wall: Material
    wall_texture_m: float
    trim: Material
    door: Material


def pick_finishes(kind: RoomKind, textures: TexturePool, rng: Generator) -> Finishes:
    """Pick random finishes for a kind of room."""
    floor, wall = pick_by_share(kind.floors, rng), pick_by_share(kind.walls, rng)
    gloss = float(rng.uniform(0.02, 0.1)) if floor in POLISHED and rng.random() < 0.7 else 0.0
    is_painted = rng.random() < 0.75
    ceiling = "ceiling" if kind.panels > 0.5 and rng.random() < 0.6 else "plaster"
    return Finishes(
        floor=pick_material(floor, rng, textures, gloss=gloss),
        floor_texture_m=float(rng.uniform(*SIZE_M[floor])),
        ceiling=pick_material("ceiling", rng, textures) if ceiling == "ceiling" else _white(rng),
        ceiling_texture_m=float(rng.uniform(*SIZE_M[ceiling])),
        wall=pick_material(wall, rng, textures),
        wall_texture_m=float(rng.uniform(*SIZE_M.get(wall, (0.8, 1.2)))),
        trim=paint(rng, (0.55, 0.85)) if is_painted else pick_material("grain", rng, textures),
        door=pick_material("grain", rng, textures)
        if rng.random() < 0.55
        else paint(rng, (0.4, 0.85)),
    )


def paint(rng: Generator, brightness: Interval = (0.2, 0.8)) -> Material:
    """Random paint, nearly white or slightly tinted, with linear reflectance in a range."""
    level = rng.uniform(*brightness)
    tint = rng.uniform(0.0, 0.12, 3) * (0.25 if rng.random() < 0.7 else 1.5)
    red, green, blue = (float(value) for value in level * (1 - tint))
    return Material(albedo=(red, green, blue * 0.97), gloss=0.03)


def warm_white(rng: Generator) -> Vector:
    """Random colour of lamp light, from neutral to the yellow of a bulb."""
    warmth = float(rng.uniform(0.0, 1.0)) ** 1.3
    return 1.0, 1.0 - 0.25 * warmth, 1.0 - 0.5 * warmth


def _white(rng: Generator) -> Material:
    return paint(rng, (0.62, 0.88))
