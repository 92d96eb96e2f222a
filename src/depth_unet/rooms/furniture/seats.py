"""Seats of simple shapes."""

import numpy as np
from jaxtyping import UInt8
from numpy.random import Generator

from depth_unet.rooms.furniture.materials import carpentry, metal, plastic, upholstery
from depth_unet.rooms.furniture.piece import Piece, assemble, block, legs
from depth_unet.rooms.furniture.solids import cushion, cylinder, lathe
from depth_unet.rooms.mesh import Material, Mesh, rotation
from depth_unet.rooms.textures.pool import TexturePool


def chair(rng: Generator, textures: TexturePool) -> Piece:
    """Four legs, a seat, and a back of a board, slats or upholstery."""
    side, seat, top = rng.uniform(0.4, 0.5), rng.uniform(0.43, 0.48), rng.uniform(0.8, 1.02)
    frame = carpentry(rng, textures) if rng.uniform() < 0.7 else metal(rng)
    cloth = upholstery(rng, textures)
    thick = rng.uniform(0.025, 0.04)
    parts = legs(side - 0.02, side - 0.02, seat - 0.03, thick, frame)
    if rng.uniform() < 0.5:
        corner = (side / 2, side / 2)
        parts.append(cushion((-corner[0], -corner[1], seat - 0.04), (*corner, seat + 0.03), cloth))
    else:
        parts.append(block((0, 0, seat - 0.03), (side, side, 0.03), frame))
    back = side / 2 - 0.01 - thick / 2
    parts += [
        block((x, back, seat - 0.03), (thick, thick, top - seat + 0.03), frame)
        for x in (-back, back)
    ]
    style = int(rng.integers(3))
    if style == 0:
        low = (-side / 2 + 0.01, back - 0.03, seat + rng.uniform(0.1, 0.25))
        parts.append(cushion(low, (side / 2 - 0.01, back + 0.03, top), cloth, hardness=0.2))
    else:
        num = int(rng.integers(1, 4)) if style == 1 else int(rng.integers(3, 7))
        parts += _slats((side, seat, top), num, style == 1, frame)
    return assemble("chair", parts)


def _slats(size: tuple[float, float, float], num: int, lying: bool, frame: Material) -> list[Mesh]:
    side, seat, top = size
    back = side / 2 - 0.025
    rail = block((0, back, top - 0.07), (side - 0.02, 0.025, 0.07), frame)
    if lying:
        heights = np.linspace(seat + 0.15, top - 0.07, num + 1)[:-1]
        return [rail, *(block((0, back, z), (side - 0.02, 0.02, 0.05), frame) for z in heights)]
    columns = np.linspace(-side / 2 + 0.07, side / 2 - 0.07, num)
    height = top - seat - 0.03
    return [rail, *(block((x, back, seat - 0.02), (0.025, 0.02, height), frame) for x in columns)]


def office_chair(rng: Generator, textures: TexturePool) -> Piece:
    """Five castors, a column, a soft seat and back, mostly with arms."""
    steel, cloth, dull = metal(rng), upholstery(rng, textures), plastic(rng)
    seat, top, side = rng.uniform(0.44, 0.52), rng.uniform(0.88, 1.15), rng.uniform(0.46, 0.54)
    parts = [cylinder((0, 0, 0.08), 0.03, seat - 0.1, steel)]
    for step in range(5):
        arm = block((0.15, 0, 0.06), (0.3, 0.04, 0.03), dull)
        wheel = cylinder((0.28, 0, 0.0), 0.03, 0.06, dull, num_sides=8)
        spoke = rotation(2 * np.pi * step / 5 + 0.3)
        parts += [arm.transform(spoke), wheel.transform(spoke)]
    low, high = (-side / 2, -side / 2, seat - 0.04), (side / 2, side / 2 - 0.04, seat + 0.05)
    parts.append(cushion(low, high, cloth))
    low, high = (-side / 2 + 0.03, side / 2 - 0.06, seat + 0.1), (side / 2 - 0.03, side / 2, top)
    parts.append(cushion(low, high, cloth))
    parts.append(block((0, side / 2 - 0.02, seat), (0.08, 0.03, 0.3), dull))
    if rng.uniform() < 0.7:
        for x in (-side / 2, side / 2):
            parts.append(block((x, 0, seat + 0.2), (0.05, 0.28, 0.03), dull))
            parts.append(block((x, 0.02, seat), (0.03, 0.05, 0.2), dull))
    return assemble("office_chair", parts)


def stool(rng: Generator, textures: TexturePool) -> Piece:
    """A round or square seat on legs, low or as high as a bar."""
    height = rng.uniform(0.42, 0.5) if rng.uniform() < 0.7 else rng.uniform(0.62, 0.75)
    side = rng.uniform(0.3, 0.4)
    frame = carpentry(rng, textures) if rng.uniform() < 0.6 else metal(rng)
    parts = legs(side * 0.8, side * 0.8, height - 0.03, 0.03, frame)
    cloth = upholstery(rng, textures)
    if rng.uniform() < 0.5:
        parts.append(cylinder((0, 0, height - 0.03), side / 2, 0.03, cloth, num_sides=20))
    else:
        parts.append(block((0, 0, height - 0.03), (side, side, 0.03), frame))
    return assemble("stool", parts)


def bench(rng: Generator, textures: TexturePool) -> Piece:
    """A long board on two trestles, with or without a back."""
    width, depth, seat = rng.uniform(0.9, 1.9), rng.uniform(0.32, 0.45), rng.uniform(0.42, 0.47)
    frame = carpentry(rng, textures)
    parts = [block((0, 0, seat - 0.04), (width, depth, 0.04), frame)]
    parts += [
        block((x, 0, 0), (0.05, depth - 0.04, seat - 0.04), frame)
        for x in (-width / 2 + 0.12, width / 2 - 0.12)
    ]
    if rng.uniform() < 0.4:
        parts += [
            block((x, depth / 2 - 0.02, seat), (0.05, 0.03, 0.4), frame)
            for x in (-width / 2 + 0.12, width / 2 - 0.12)
        ]
        parts += [
            block((0, depth / 2 - 0.05, z), (width, 0.025, 0.09), frame)
            for z in (seat + 0.15, seat + 0.3)
        ]
    return assemble("bench", parts)


def sofa(rng: Generator, textures: TexturePool) -> Piece:
    """Two or three seats with arms, cushions and a back; sometimes pillows."""
    return _couch("sofa", rng.uniform(1.35, 2.3), rng, textures)


def armchair(rng: Generator, textures: TexturePool) -> Piece:
    """A sofa with one seat."""
    return _couch("armchair", rng.uniform(0.75, 1.0), rng, textures)


def _couch(name: str, width: float, rng: Generator, textures: TexturePool) -> Piece:
    depth, seat, arm = rng.uniform(0.78, 0.98), rng.uniform(0.38, 0.46), rng.uniform(0.1, 0.22)
    cloth, wood = upholstery(rng, textures), carpentry(rng, textures)
    top, rest = rng.uniform(0.7, 0.95), seat + rng.uniform(0.1, 0.2)
    hard = rng.uniform(0.08, 0.25)
    parts = legs(width - 0.08, depth - 0.08, 0.1, 0.05, wood)
    parts.append(block((0, 0, 0.08), (width - 0.02, depth - 0.04, seat - 0.22), cloth))
    low, high = (-width / 2, depth / 2 - 0.24, 0.09), (width / 2, depth / 2, top)
    parts.append(cushion(low, high, cloth, hardness=hard))
    for x in (-width / 2, width / 2 - arm):
        low, high = (x, -depth / 2, 0.09), (x + arm, depth / 2 - 0.02, rest)
        parts.append(cushion(low, high, cloth, hardness=hard))
    num = max(1, round((width - 2 * arm) / 0.65))
    step = (width - 2 * arm) / num
    for index in range(num):
        left = -width / 2 + arm + index * step + 0.004
        right = left + step - 0.008
        low, high = (left, -depth / 2, seat - 0.15), (right, depth / 2 - 0.2, seat + 0.02)
        parts.append(cushion(low, high, cloth, hardness=0.15))
        low, high = (left, depth / 2 - 0.4, seat), (right, depth / 2 - 0.19, top + 0.04)
        parts.append(cushion(low, high, cloth))
    for _ in range(int(rng.integers(0, 3)) if name == "sofa" else 0):
        x, pillow = rng.uniform(-width / 2 + 0.4, width / 2 - 0.4), textures.pick("fabric", rng)
        parts.append(_pillow(x, depth / 2 - 0.5, seat, pillow))
    return assemble(name, parts)


def _pillow(x: float, y: float, seat: float, texture: UInt8[np.ndarray, "k k 3"]) -> Mesh:
    low, high = (x - 0.2, y - 0.06, seat), (x + 0.2, y + 0.06, seat + 0.38)
    return cushion(low, high, Material(texture=texture), hardness=0.6)


def pouffe(rng: Generator, textures: TexturePool) -> Piece:
    """A round soft seat without a back."""
    radius, height = rng.uniform(0.22, 0.35), rng.uniform(0.35, 0.45)
    profile = [(0, 0), (radius * 0.85, 0), (radius, height * 0.3), (radius, height * 0.75)]
    profile += [(radius * 0.8, height), (0, height)]
    return assemble("pouffe", [lathe(profile, upholstery(rng, textures), num_sides=20)])
