"""Kitchen and bathroom pieces of simple shapes."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.furniture.materials import (
    appliance,
    carpentry,
    dark,
    metal,
    pick_material,
    plastic,
    porcelain,
)
from depth_unet.rooms.furniture.piece import Piece, assemble, block
from depth_unet.rooms.furniture.solids import cylinder, lathe, round_profile
from depth_unet.rooms.mesh import Material, Mesh, box
from depth_unet.rooms.textures.pool import TexturePool


def counter(rng: Generator, textures: TexturePool) -> Piece:
    """A run of kitchen cupboards under a worktop."""
    parts, size = _worktop(rng.uniform(1.0, 2.8), None, rng, textures)
    return assemble("counter", parts, size[2])


def kitchen_sink(rng: Generator, textures: TexturePool) -> Piece:
    """Kitchen cupboards with a basin let into the worktop, and its tap."""
    width, steel = rng.uniform(0.8, 1.8), metal(rng)
    x, half = rng.uniform(-0.15, 0.15) * width, rng.uniform(0.18, 0.25)
    hole = (x - half, -0.2, x + half, 0.15)
    parts, (_, depth, height) = _worktop(width, hole, rng, textures)
    parts += _basin(hole, height, 0.17, steel)
    parts += _tap((x, depth / 2 - 0.09, height), 0.28, steel)
    return assemble("kitchen_sink", parts, height)


def _worktop(
    width: float,
    hole: tuple[float, float, float, float] | None,
    rng: Generator,
    textures: TexturePool,
) -> tuple[list[Mesh], tuple[float, float, float]]:
    depth, height = rng.uniform(0.58, 0.65), rng.uniform(0.86, 0.93)
    front, steel = carpentry(rng, textures), metal(rng)
    kind = str(rng.choice(["stone", "stone", "grain", "plaster"]))
    top = pick_material(kind, rng, textures, gloss=0.04)
    low = height - 0.04 if hole is None else height - 0.21
    parts = [
        block((0, 0.05, 0), (width - 0.01, depth - 0.12, 0.1), dark(rng)),
        block((0, 0.02, 0.1), (width, depth - 0.05, low - 0.1), front),
    ]
    if hole is None:
        parts.append(block((0, 0, low), (width, depth, 0.04), top, 0.9))
    else:
        parts.append(block((0, -depth / 2 + 0.02, low), (width, 0.03, height - 0.04 - low), front))
        outer = (-width / 2, -depth / 2, width / 2, depth / 2)
        parts += _frame(outer, hole, (height - 0.04, height), top)
    num = max(2, round(width / 0.5))
    step = width / num
    for index in range(num):
        x = -width / 2 + (index + 0.5) * step
        y = -depth / 2 + 0.02
        parts.append(block((x, y, 0.11), (step - 0.008, 0.03, height - 0.17), front))
        parts.append(block((x, y - 0.03, height - 0.13), (0.14, 0.02, 0.012), steel))
    return parts, (width, depth, height)


def _frame(
    outer: Sequence[float], hole: Sequence[float], heights: tuple[float, float], material: Material
) -> list[Mesh]:
    """A slab with a rectangular hole; rectangles are x0, y0, x1, y1."""
    (x0, y0, x1, y1), (a0, b0, a1, b1), (z0, z1) = outer, hole, heights
    spans = [(x0, y0, x1, b0), (x0, b1, x1, y1), (x0, b0, a0, b1), (a1, b0, x1, b1)]
    return [box((a, b, z0), (c, d, z1), material, 0.9) for a, b, c, d in spans]


def _basin(hole: Sequence[float], rim: float, depth: float, material: Material) -> list[Mesh]:
    """A rectangular tub of thin walls under a hole."""
    x0, y0, x1, y1 = hole
    inner = (x0 + 0.012, y0 + 0.012, x1 - 0.012, y1 - 0.012)
    walls = _frame(hole, inner, (rim - depth, rim + 0.004), material)
    return [*walls, box((x0, y0, rim - depth - 0.01), (x1, y1, rim - depth), material)]


def _tap(foot_m: Sequence[float], height: float, material: Material) -> list[Mesh]:
    x, y, z = foot_m
    return [
        cylinder((x, y, z), 0.018, height, material, num_sides=8),
        block((x, y - 0.07, z + height - 0.02), (0.02, 0.16, 0.02), material),
        block((x + 0.04, y, z + 0.03), (0.08, 0.02, 0.02), material),
    ]


def fridge(rng: Generator, _textures: TexturePool) -> Piece:
    """Two doors one above the other."""
    width, depth, height = rng.uniform(0.55, 0.85), rng.uniform(0.6, 0.72), rng.uniform(1.4, 1.9)
    case, steel = appliance(rng), metal(rng)
    split = height * (rng.uniform(0.35, 0.45) if rng.uniform() < 0.6 else rng.uniform(0.65, 0.75))
    parts = [block((0, 0.03, 0), (width, depth - 0.06, height), case)]
    for low, high in ((0.05, split - 0.006), (split + 0.006, height)):
        parts.append(block((0, -depth / 2 + 0.03, low), (width, 0.06, high - low), case))
        length = min(0.4, (high - low) * 0.6)
        z = high - length - 0.06 if low < split / 2 else low + 0.06
        parts.append(block((width / 2 - 0.06, -depth / 2 - 0.02, z), (0.025, 0.04, length), steel))
    return assemble("fridge", parts)


def stove(rng: Generator, _textures: TexturePool) -> Piece:
    """A cooker with an oven door, knobs and four plates."""
    width, depth, height = rng.uniform(0.5, 0.76), rng.uniform(0.58, 0.65), rng.uniform(0.85, 0.92)
    case, black, steel = appliance(rng), dark(rng), metal(rng)
    front = -depth / 2 + 0.02
    parts = [
        block((0, 0.02, 0.04), (width, depth - 0.04, height - 0.05), case),
        block((0, 0.04, 0), (width - 0.06, depth - 0.1, 0.04), black),
        block((0, 0, height - 0.012), (width, depth, 0.012), black),
        block((0, front - 0.01, 0.22), (width - 0.04, 0.03, height - 0.42), case),
        block((0, front - 0.026, 0.3), (width - 0.16, 0.004, height - 0.56), black),
        block((0, front - 0.05, height - 0.24), (width - 0.12, 0.02, 0.02), steel),
    ]
    parts += [
        block((x, front - 0.01, height - 0.11), (0.035, 0.03, 0.035), steel)
        for x in np.linspace(-width / 2 + 0.08, width / 2 - 0.08, 5)
    ]
    for x, y in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        centre = (x * width * 0.23, y * depth * 0.22, height)
        parts.append(cylinder(centre, rng.uniform(0.06, 0.09), 0.006, steel, num_sides=16))
    if rng.uniform() < 0.4:
        parts.append(block((0, depth / 2 - 0.02, height), (width, 0.04, 0.15), case))
    return assemble("stove", parts)


def washer(rng: Generator, _textures: TexturePool) -> Piece:
    """A washing machine or dryer: a round door in a white box."""
    width, depth, height = rng.uniform(0.58, 0.62), rng.uniform(0.5, 0.62), 0.85
    case, black, steel = appliance(rng), dark(rng), metal(rng)
    front = -depth / 2 + 0.03
    ring = cylinder((0, 0, 0), 0.19, 0.025, steel, num_sides=24)
    glass = cylinder((0, 0, 0.02), 0.14, 0.01, black, num_sides=24)
    upright = np.array([[1, 0, 0, 0], [0, 0, -1, front], [0, 1, 0, 0.42], [0, 0, 0, 1]], np.float32)
    parts = [
        block((0, 0.015, 0), (width, depth - 0.03, height), case),
        ring.transform(upright),
        glass.transform(upright),
        block((0, front - 0.003, height - 0.12), (width - 0.02, 0.006, 0.1), case),
        block((0.05, front - 0.008, height - 0.1), (0.14, 0.004, 0.05), black),
        block((0.22, front - 0.015, height - 0.09), (0.04, 0.02, 0.04), steel),
    ]
    return assemble("washer", parts, height)


def sink(rng: Generator, textures: TexturePool) -> Piece:
    """A wash basin on a cupboard or a pedestal."""
    width, depth, height = rng.uniform(0.5, 0.9), rng.uniform(0.42, 0.52), rng.uniform(0.8, 0.88)
    white, steel = porcelain(rng), metal(rng)
    half = min(width / 2 - 0.06, 0.24)
    hole = (-half, -depth / 2 + 0.06, half, depth / 2 - 0.14)
    outer = (-width / 2, -depth / 2, width / 2, depth / 2)
    parts = _frame(outer, hole, (height - 0.05, height), white)
    parts += _basin(hole, height, 0.13, white)
    parts += _tap((0, depth / 2 - 0.07, height), rng.uniform(0.12, 0.22), steel)
    if rng.uniform() < 0.55:
        wood = carpentry(rng, textures)
        parts.append(block((0, 0.02, 0.08), (width - 0.04, depth - 0.08, height - 0.23), wood))
        parts.append(block((0, 0.04, 0), (width - 0.1, depth - 0.14, 0.08), wood))
        for x in (-width / 4, width / 4):
            size = (width / 2 - 0.03, 0.02, height - 0.24)
            parts.append(block((x, -depth / 2 + 0.05, 0.09), size, wood))
            parts.append(block((x, -depth / 2 + 0.03, height - 0.22), (0.08, 0.02, 0.012), steel))
    else:
        profile = [(0, 0), (0.12, 0), (0.08, 0.15), (0.09, height - 0.25), (0.16, height - 0.141)]
        parts.append(lathe([*profile, (0, height - 0.141)], white, centre_m=(0, 0.06, 0)))
    return assemble("sink", parts)


def toilet(rng: Generator, _textures: TexturePool) -> Piece:
    """A bowl with seat and lid, and a cistern behind."""
    white, seat = porcelain(rng), rng.uniform(0.38, 0.43)
    lid = white if rng.uniform() < 0.7 else plastic(rng)
    bowl = [(0, 0), (0.13, 0), (0.11, 0.12), (0.15, 0.25), (0.19, seat - 0.03), (0.19, seat)]
    bowl += [(0.14, seat), (0.1, seat - 0.15), (0, seat - 0.18)]
    parts = [
        lathe(
            [*round_profile(bowl[:6], 1), *bowl[6:]],
            white,
            centre_m=(0, -0.1, 0),
            num_sides=20,
            squash_y=1.25,
        )
    ]
    parts.append(block((0, 0.14, 0), (0.2, 0.2, seat - 0.02), white))
    parts.append(block((0, 0.26, seat - 0.02), (0.38, 0.18, rng.uniform(0.34, 0.4)), white))
    ring = (0.195, 0.0), (0.2, 0.012), (0.195, 0.025)
    if rng.uniform() < 0.6:
        profile = [(0, 0), *ring, (0, 0.03)]
        parts.append(
            lathe(profile, lid, centre_m=(0, -0.1, seat + 0.002), num_sides=20, squash_y=1.25)
        )
    else:
        parts.append(block((0, 0.14, seat), (0.36, 0.03, 0.4), lid))
    return assemble("toilet", parts)


def bath(rng: Generator, textures: TexturePool) -> Piece:
    """A tub, hollow, in an apron of enamel or tiles."""
    width, depth, height = rng.uniform(1.5, 1.8), rng.uniform(0.68, 0.8), rng.uniform(0.5, 0.6)
    white, steel = porcelain(rng), metal(rng)
    apron = pick_material("tile", rng, textures, gloss=0.04) if rng.uniform() < 0.4 else white
    outer = (-width / 2, -depth / 2, width / 2, depth / 2)
    hole = (-width / 2 + 0.07, -depth / 2 + 0.07, width / 2 - 0.07, depth / 2 - 0.07)
    parts = _frame(outer, hole, (height - 0.04, height), white)
    thin = tuple(side - np.sign(side) * 0.01 for side in outer)
    inside = tuple(side + np.sign(side) * 0.005 for side in hole)
    parts += _frame(thin, inside, (0, height - 0.04), apron)
    parts += _basin(hole, height - 0.004, height - 0.14, white)
    parts += _tap((width / 2 - 0.035, 0, height), 0.12, steel)
    return assemble("bath", parts)


def shower(rng: Generator, _textures: TexturePool) -> Piece:
    """A tray with posts, a rail and a shower head; the glass is left out, as sensors see it."""
    width, depth, height = rng.uniform(0.8, 1.1), rng.uniform(0.8, 0.95), rng.uniform(1.9, 2.05)
    white, steel = porcelain(rng), metal(rng)
    parts = [block((0, 0, 0), (width, depth, rng.uniform(0.05, 0.15)), white)]
    for x, y in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        corner = (x * (width / 2 - 0.015), y * (depth / 2 - 0.015), 0)
        parts.append(block(corner, (0.03, 0.03, height), steel))
    parts += [
        block((0, y, height - 0.03), (width, 0.03, 0.03), steel)
        for y in (-depth / 2 + 0.015, depth / 2 - 0.015)
    ]
    parts += [
        block((x, 0, height - 0.03), (0.03, depth, 0.03), steel)
        for x in (-width / 2 + 0.015, width / 2 - 0.015)
    ]
    parts.append(block((0, depth / 2 - 0.05, 0.9), (0.02, 0.02, height - 0.9), steel))
    parts.append(cylinder((0, depth / 2 - 0.15, height - 0.12), 0.08, 0.02, steel))
    parts.append(block((0, depth / 2 - 0.1, height - 0.1), (0.02, 0.12, 0.02), steel))
    return assemble("shower", parts)
