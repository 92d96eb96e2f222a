"""Cupboards, chests, shelves, coat racks and boxes of simple shapes."""

from itertools import pairwise

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.furniture.materials import (
    carpentry,
    dark,
    lacquer,
    metal,
    pick_material,
    plastic,
    sheet_metal,
    upholstery,
)
from depth_unet.rooms.furniture.piece import Piece, assemble, block, legs
from depth_unet.rooms.furniture.solids import cushion, cylinder
from depth_unet.rooms.mesh import Material, Mesh, box
from depth_unet.rooms.textures.pool import TexturePool


def shelf(rng: Generator, textures: TexturePool) -> Piece:
    """Open boards between two sides, mostly with a back, holding books and boxes."""
    width, depth, height = rng.uniform(0.6, 1.3), rng.uniform(0.25, 0.38), rng.uniform(1.0, 2.1)
    wood = carpentry(rng, textures)
    parts = []
    if rng.uniform() < 0.75:
        parts.append(block((0, depth / 2 - 0.005, 0.02), (width - 0.02, 0.01, height - 0.03), wood))
    parts += [
        block((x, 0, 0), (0.025, depth, height), wood)
        for x in (-width / 2 + 0.0125, width / 2 - 0.0125)
    ]
    num = int(height / rng.uniform(0.3, 0.42))
    levels = np.linspace(0.05, height - 0.03, num + 1)
    parts += [block((0, 0, z), (width - 0.05, depth - 0.01, 0.022), wood) for z in levels]
    for z, above in pairwise(levels):
        room = (width - 0.06, depth, above - z - 0.022)
        parts += _shelf_load(room, z + 0.022, rng, textures)
    return assemble("shelf", parts, height - 0.008 if height < 1.3 else None)


def _shelf_load(
    room_m: tuple[float, float, float], level_m: float, rng: Generator, textures: TexturePool
) -> list[Mesh]:
    """Books, boxes or nothing, from left to right on one board."""
    parts = []
    width, depth, clear = room_m
    left, front = -width / 2 + rng.uniform(0, 0.06), -depth / 2 + 0.02
    while left < width / 2 - 0.08:
        draw, length = rng.uniform(), min(float(rng.uniform(0.12, 0.6)), width / 2 - left)
        height = min(clear - 0.02, rng.uniform(0.16, 0.3))
        low = (left, front + rng.uniform(0, 0.06), level_m)
        high = (left + length - 0.01, depth / 2 - 0.02, level_m + height)
        if draw < 0.72:
            parts.append(box(low, high, pick_material("books", rng, textures)))
        elif draw < 0.82:
            parts.append(box(low, high, plastic(rng)))
        left += length + max(rng.uniform(-0.12, 0.12), 0)
    return parts


def wardrobe(rng: Generator, textures: TexturePool) -> Piece:
    """A tall cupboard with two or three doors."""
    size = (rng.uniform(0.8, 1.8), rng.uniform(0.5, 0.65), rng.uniform(1.8, 2.25))
    return _cupboard("wardrobe", size, (max(2, round(size[0] / 0.5)), 1), rng, textures)


def cabinet(rng: Generator, textures: TexturePool) -> Piece:
    """A cupboard of table to chest height with doors."""
    size = (rng.uniform(0.6, 1.5), rng.uniform(0.35, 0.5), rng.uniform(0.75, 1.25))
    return _cupboard("cabinet", size, (max(2, round(size[0] / 0.45)), 1), rng, textures)


def dresser(rng: Generator, textures: TexturePool) -> Piece:
    """A chest of drawers."""
    size = (rng.uniform(0.6, 1.4), rng.uniform(0.4, 0.55), rng.uniform(0.7, 1.15))
    columns = 1 if size[0] < 0.9 else 2
    return _cupboard("dresser", size, (columns, int(rng.integers(3, 6))), rng, textures)


def filing_cabinet(rng: Generator, textures: TexturePool) -> Piece:
    """A narrow steel chest of an office."""
    rows = int(rng.integers(2, 5))
    size = (rng.uniform(0.4, 0.48), rng.uniform(0.5, 0.65), 0.08 + 0.31 * rows)
    return _cupboard("filing_cabinet", size, (1, rows), rng, textures, material=sheet_metal(rng))


def locker(rng: Generator, textures: TexturePool) -> Piece:
    """A row of narrow steel doors, one or two high."""
    columns = int(rng.integers(3, 7))
    size = (0.31 * columns, rng.uniform(0.42, 0.5), rng.uniform(1.7, 1.95))
    return _cupboard(
        "locker", size, (columns, int(rng.integers(1, 3))), rng, textures, material=sheet_metal(rng)
    )


def _cupboard(
    name: str,
    size: tuple[float, float, float],
    fronts: tuple[int, int],
    rng: Generator,
    textures: TexturePool,
    *,
    material: Material | None = None,
) -> Piece:
    """A body on a plinth with a grid of (columns, rows) of fronts; wide ones are drawers."""
    width, depth, height = size
    columns, rows = fronts
    body = material or carpentry(rng, textures)
    front = lacquer(rng) if material is None and rng.uniform() < 0.15 else body
    handle, plinth = metal(rng), rng.uniform(0.05, 0.1)
    parts = [
        block((0, 0.02, 0), (width - 0.03, depth - 0.06, plinth), body),
        block((0, 0.01, plinth), (width, depth - 0.02, height - plinth), body),
    ]
    step_x, step_z = width / columns, (height - plinth - 0.02) / rows
    for column, row in np.ndindex(columns, rows):
        x, z = -width / 2 + (column + 0.5) * step_x, plinth + row * step_z
        y = -depth / 2 + 0.01
        parts.append(block((x, y, z + 0.006), (step_x - 0.01, 0.02, step_z - 0.01), front))
        if rows > 1 and name != "locker":
            parts.append(block((x, y - 0.02, z + step_z * 0.6), (0.12, 0.02, 0.012), handle))
        else:
            side = (step_x / 2 - 0.05) * (1 if column % 2 == 0 else -1)
            parts.append(block((x + side, y - 0.02, z + step_z * 0.5), (0.015, 0.02, 0.12), handle))
    return assemble(name, parts, height if height < 1.5 else None)


def tv_stand(rng: Generator, textures: TexturePool) -> Piece:
    """A low cabinet with a television on it."""
    width, depth, height = rng.uniform(0.9, 1.8), rng.uniform(0.35, 0.5), rng.uniform(0.35, 0.6)
    wood, black, steel = carpentry(rng, textures), dark(rng), metal(rng)
    parts = legs(width - 0.06, depth - 0.06, 0.08, 0.05, wood)
    parts.append(block((0, 0.01, 0.08), (width, depth - 0.02, height - 0.08), wood))
    num = max(2, round(width / 0.5))
    for index in range(num):
        x = -width / 2 + (index + 0.5) * width / num
        front = wood if rng.uniform() < 0.7 else black
        size = (width / num - 0.02, 0.02, height - 0.12)
        parts.append(block((x, -depth / 2 + 0.01, 0.1), size, front))
        parts.append(block((x, -depth / 2 - 0.01, height - 0.08), (0.1, 0.015, 0.012), steel))
    screen = min(rng.uniform(0.7, 1.4), width - 0.02)
    parts += screen_on_foot(screen, height, 0.05, rng, textures)
    return assemble("tv_stand", parts)


def screen_on_foot(
    width_m: float, level_m: float, y_m: float, rng: Generator, textures: TexturePool
) -> list[Mesh]:
    """A flat screen that stands on height ``level_m`` and faces -y."""
    case, picture = plastic(rng) if rng.uniform() < 0.1 else dark(rng), dark(rng)
    low, height = level_m + 0.05, width_m * 0.57
    if rng.uniform() < 0.4:
        picture = pick_material("screen", rng, textures, gloss=0.08)
    return [
        block((0, y_m, level_m), (width_m * 0.35, 0.18, 0.012), case),
        block((0, y_m + 0.02, level_m + 0.01), (0.06, 0.03, 0.1), case),
        block((0, y_m, low), (width_m, 0.035, height), case),
        block((0, y_m - 0.019, low + 0.015), (width_m - 0.025, 0.004, height - 0.03), picture),
    ]


def crate(rng: Generator, textures: TexturePool) -> Piece:
    """A moving box, a crate or a storage bin, with a lid."""
    width, depth, height = rng.uniform(0.3, 0.6), rng.uniform(0.25, 0.45), rng.uniform(0.2, 0.45)
    draw = rng.uniform()
    brown = Material(albedo=(0.42, 0.27, 0.14))
    material = brown if draw < 0.5 else carpentry(rng, textures) if draw < 0.75 else plastic(rng)
    tape = Material(albedo=(0.5, 0.38, 0.22), gloss=0.02)
    parts = [
        block((0, 0, 0), (width, depth, height - 0.03), material),
        block((0, 0, height - 0.05), (width + 0.01, depth + 0.01, 0.05), material),
        block((0, 0, height - 0.001), (width + 0.012, 0.06, 0.002), tape),
    ]
    return assemble("box", parts, height)


def coat_rack(rng: Generator, textures: TexturePool) -> Piece:
    """A pole with hooks and perhaps coats."""
    height, wood = rng.uniform(1.65, 1.85), carpentry(rng, textures)
    parts = [cylinder((0, 0, 0), 0.2, 0.03, wood), cylinder((0, 0, 0), 0.02, height, wood)]
    for turn in range(4):
        x, y = 0.1 * np.cos(turn * np.pi / 2), 0.1 * np.sin(turn * np.pi / 2)
        parts.append(block((x, y, height - 0.12), (0.03 + abs(x), 0.03 + abs(y), 0.03), wood))
        if rng.uniform() < 0.6:
            low = (2 * x - 0.13, 2 * y - 0.13, height - rng.uniform(0.8, 1.1))
            coat = upholstery(rng, textures)
            parts.append(
                cushion(low, (2 * x + 0.13, 2 * y + 0.13, height - 0.1), coat, hardness=0.7)
            )
    return assemble("coat_rack", parts)
