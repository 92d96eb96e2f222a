"""Beds, tables and desks of simple shapes."""

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.furniture.materials import (
    carpentry,
    lacquer,
    metal,
    pick_material,
    upholstery,
)
from depth_unet.rooms.furniture.piece import Piece, assemble, block, legs
from depth_unet.rooms.furniture.solids import cushion, cylinder
from depth_unet.rooms.mesh import Material, Mesh
from depth_unet.rooms.textures.pool import TexturePool


def bed(rng: Generator, textures: TexturePool) -> Piece:
    """A frame, a mattress, a quilt that hangs over, pillows and a head board."""
    width, length = rng.uniform(0.9, 1.85), rng.uniform(1.95, 2.15)
    frame, level = rng.uniform(0.25, 0.4), rng.uniform(0.18, 0.26)
    wood, sheet = carpentry(rng, textures), lacquer(rng)
    quilt = pick_material("fabric", rng, textures)
    back = length / 2
    parts = [block((0, 0, 0.08), (width, length, frame - 0.08), wood)]
    parts += legs(width - 0.04, length - 0.04, 0.08, 0.07, wood)
    parts.append(block((0, back + 0.02, 0), (width + 0.04, 0.05, rng.uniform(0.75, 1.2)), wood))
    corner = (width / 2 - 0.02, back - 0.01)
    low, high = (-corner[0], -corner[1], frame), (*corner, frame + level)
    parts.append(cushion(low, high, sheet, hardness=0.08))
    head = back - rng.uniform(0.45, 0.7)
    low = (-width / 2 - 0.03, -back - 0.02, frame + rng.uniform(-0.1, 0.05))
    top = frame + level + 0.04
    parts.append(cushion(low, (width / 2 + 0.03, head, top), quilt, hardness=0.1))
    parts += _pillows(width, back, frame + level - 0.02, rng, textures)
    return assemble("bed", parts)


def _pillows(
    width: float, back: float, level: float, rng: Generator, textures: TexturePool
) -> list[Mesh]:
    cloth = lacquer(rng) if rng.uniform() < 0.5 else pick_material("fabric", rng, textures)
    columns = [0.0] if width < 1.25 else [-width / 4, width / 4]
    half, height = min(0.34, width / 2 - 0.05, width / 4 + 0.2), rng.uniform(0.12, 0.2)
    half = half if len(columns) == 1 else min(half, width / 4 - 0.03)
    return [
        cushion((x - half, back - 0.45, level), (x + half, back - 0.03, level + height), cloth)
        for x in columns
    ]


def bunk_bed(rng: Generator, textures: TexturePool) -> Piece:
    """Two mattresses one above the other, with a ladder."""
    width, length, post = rng.uniform(1.95, 2.1), rng.uniform(0.85, 1.0), 0.07
    frame, upper = carpentry(rng, textures), rng.uniform(1.25, 1.45)
    parts = legs(width, length, upper + 0.35, post, frame)
    for low in (0.25, upper):
        parts.append(block((0, 0, low), (width - 0.02, length - 0.02, 0.1), frame))
        corner = (width / 2 - 0.08, length / 2 - 0.04)
        quilt = pick_material("fabric", rng, textures)
        box_low, box_high = (-corner[0], -corner[1], low + 0.1), (*corner, low + 0.26)
        parts.append(cushion(box_low, box_high, quilt, hardness=0.12))
        rail = block((0, length / 2 - 0.02, low + 0.3), (width, 0.03, 0.08), frame)
        parts.append(rail)
    parts.append(block((-0.2, -length / 2 + 0.02, upper + 0.25), (width * 0.6, 0.03, 0.08), frame))
    for x in (width / 2 - 0.5, width / 2 - 0.12):
        parts.append(block((x, -length / 2 - 0.02, 0), (0.04, 0.04, upper + 0.3), frame))
    for z in np.arange(0.3, upper, 0.28):
        parts.append(block((width / 2 - 0.31, -length / 2 - 0.02, z), (0.38, 0.03, 0.03), frame))
    return assemble("bunk_bed", parts)


def table(rng: Generator, textures: TexturePool) -> Piece:
    """A board on four legs with an apron, as for meals."""
    width, depth = rng.uniform(0.9, 1.9), rng.uniform(0.7, 0.98)
    return _four_legged("table", (width, depth, rng.uniform(0.7, 0.78)), rng, textures)


def coffee_table(rng: Generator, textures: TexturePool) -> Piece:
    """A low table, often with a lower shelf."""
    width, depth = rng.uniform(0.6, 1.2), rng.uniform(0.42, 0.7)
    return _four_legged("coffee_table", (width, depth, rng.uniform(0.35, 0.48)), rng, textures)


def _four_legged(
    name: str, size: tuple[float, float, float], rng: Generator, textures: TexturePool
) -> Piece:
    width, depth, height = size
    top, frame = carpentry(rng, textures), carpentry(rng, textures)
    frame = metal(rng) if rng.uniform() < 0.25 else top if rng.uniform() < 0.7 else frame
    board, thick = rng.uniform(0.02, 0.045), rng.uniform(0.035, 0.08)
    inset = rng.uniform(0.0, 0.12)
    parts = legs(width - inset, depth - inset, height - board, thick, frame)
    parts.append(block((0, 0, height - board), (width, depth, board), top, 0.9))
    if rng.uniform() < 0.7:
        low, span = height - board - 0.08, (width - inset - thick, depth - inset - thick)
        for side in (-1, 1):
            parts.append(block((0, side * span[1] / 2, low), (span[0], 0.02, 0.08), frame))
            parts.append(block((side * span[0] / 2, 0, low), (0.02, span[1], 0.08), frame))
    if name == "coffee_table" and rng.uniform() < 0.5:
        parts.append(block((0, 0, 0.12), (width - inset - thick, depth - inset, 0.02), top))
    return assemble(name, parts, height)


def round_table(rng: Generator, textures: TexturePool) -> Piece:
    """A disc on a column."""
    radius, height = rng.uniform(0.4, 0.65), rng.uniform(0.7, 0.77)
    top = carpentry(rng, textures)
    foot = metal(rng) if rng.uniform() < 0.5 else top
    parts = [
        cylinder((0, 0, height - 0.03), radius, 0.03, top, num_sides=28),
        cylinder((0, 0, 0.03), 0.05, height - 0.06, foot),
        cylinder((0, 0, 0), radius * 0.55, 0.03, foot, num_sides=20),
    ]
    return assemble("round_table", parts, height)


def desk(rng: Generator, textures: TexturePool) -> Piece:
    """A board on side walls or legs, with drawers under one end and a modesty panel behind."""
    width, depth, height = rng.uniform(1.0, 1.8), rng.uniform(0.58, 0.85), rng.uniform(0.71, 0.77)
    wood, steel = carpentry(rng, textures), metal(rng)
    parts = [block((0, 0, height - 0.03), (width, depth, 0.03), wood, 0.9)]
    if rng.uniform() < 0.5:
        parts += legs(width - 0.04, depth - 0.04, height - 0.03, 0.05, steel)
    else:
        for x in (-width / 2 + 0.015, width / 2 - 0.015):
            parts.append(block((x, 0, 0), (0.03, depth - 0.02, height - 0.03), wood))
    parts.append(block((0, depth / 2 - 0.05, 0.3), (width - 0.07, 0.02, height - 0.33), wood))
    if rng.uniform() < 0.75:
        x = (width / 2 - 0.26) * (1 if rng.uniform() < 0.5 else -1)
        parts += _drawers((x, depth, height - 0.05), int(rng.integers(2, 5)), wood, steel)
    return assemble("desk", parts, height)


def _drawers(
    place: tuple[float, float, float], num: int, wood: Material, steel: Material
) -> list[Mesh]:
    x, depth, top = place
    low, front = 0.06, -depth / 2 + 0.05
    parts = [block((x, 0.02, low), (0.4, depth - 0.12, top - low), wood)]
    step = (top - low) / num
    for row in range(num):
        z = low + row * step
        parts.append(block((x, front, z + 0.005), (0.39, 0.02, step - 0.01), wood))
        parts.append(block((x, front - 0.02, z + step * 0.6), (0.12, 0.02, 0.015), steel))
    return parts


def school_desk(rng: Generator, textures: TexturePool) -> Piece:
    """A pupil's table: a thin board on a steel frame with a shelf under it."""
    width = rng.uniform(0.65, 0.75) if rng.uniform() < 0.5 else rng.uniform(1.2, 1.4)
    depth, height = rng.uniform(0.48, 0.6), rng.uniform(0.68, 0.76)
    top, steel = carpentry(rng, textures), metal(rng)
    parts = legs(width - 0.06, depth - 0.08, height - 0.025, 0.03, steel)
    parts.append(block((0, 0, height - 0.025), (width, depth, 0.025), top, 0.9))
    for x in (-width / 2 + 0.045, width / 2 - 0.045):
        parts.append(block((x, 0, 0.12), (0.025, depth - 0.1, 0.025), steel))
    parts.append(block((0, 0.03, height - 0.14), (width - 0.1, depth - 0.15, 0.015), steel))
    return assemble("school_desk", parts, height)


def bedside(rng: Generator, textures: TexturePool) -> Piece:
    """A small chest with one to three drawers."""
    width, depth, height = rng.uniform(0.36, 0.52), rng.uniform(0.34, 0.45), rng.uniform(0.42, 0.62)
    wood, steel = carpentry(rng, textures), metal(rng)
    parts = legs(width - 0.02, depth - 0.04, 0.1, 0.04, wood)
    parts.append(block((0, 0.01, 0.1), (width - 0.02, depth - 0.04, height - 0.12), wood))
    parts.append(block((0, 0, height - 0.02), (width, depth, 0.02), wood))
    num = int(rng.integers(1, 4))
    step = (height - 0.14) / num
    for row in range(num):
        z = 0.11 + row * step
        front = -depth / 2 + 0.02
        parts.append(block((0, front, z + 0.005), (width - 0.06, 0.02, step - 0.01), wood))
        parts.append(block((0, front - 0.02, z + step / 2), (0.08, 0.02, 0.015), steel))
    return assemble("bedside", parts, height)


def ottoman(rng: Generator, textures: TexturePool) -> Piece:
    """A soft bench for the foot of a bed."""
    width, depth, height = rng.uniform(0.6, 1.3), rng.uniform(0.38, 0.5), rng.uniform(0.4, 0.5)
    parts = legs(width - 0.06, depth - 0.06, 0.12, 0.04, carpentry(rng, textures))
    low, high = (-width / 2, -depth / 2, 0.1), (width / 2, depth / 2, height)
    parts.append(cushion(low, high, upholstery(rng, textures), hardness=0.15))
    return assemble("ottoman", parts)


def lectern(rng: Generator, textures: TexturePool) -> Piece:
    """A speaker's desk."""
    width, height, wood = rng.uniform(0.5, 0.7), rng.uniform(1.05, 1.2), carpentry(rng, textures)
    parts = legs(width, 0.4, 0.06, 0.06, wood)
    parts.append(block((0, 0.05, 0.06), (width - 0.1, 0.3, height - 0.1), wood))
    parts.append(block((0, 0, height - 0.04), (width, 0.45, 0.04), wood))
    return assemble("lectern", parts, height)
