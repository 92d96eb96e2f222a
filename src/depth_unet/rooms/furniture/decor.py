"""Plants, lamps, a piano, a radiator and other pieces that stand in rooms."""

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.furniture.materials import dark, lacquer, metal, pick_material, plastic
from depth_unet.rooms.furniture.piece import Piece, assemble, block
from depth_unet.rooms.furniture.solids import cylinder, lathe, leaf
from depth_unet.rooms.mesh import Material, Mesh
from depth_unet.rooms.textures.pool import TexturePool

SHADE = Material(albedo=(0.85, 0.78, 0.64))


def foliage(
    num: int, base_z_m: float, size_m: tuple[float, float], rng: Generator, textures: TexturePool
) -> list[Mesh]:
    """Leaves on a stem over the origin; ``size_m`` is their spread and their height."""
    spread_m, height_m = size_m
    green = pick_material("leaves", rng, textures, gloss=0.02)
    leaves = []
    for index in range(num):
        turn = 2.4 * index + rng.uniform(-0.3, 0.3)
        foot = base_z_m + height_m * 0.75 * index / num * rng.uniform(0.4, 1)
        reach, rise = spread_m / 2 * rng.uniform(0.6, 1), height_m * rng.uniform(0.1, 0.4)
        rise = min(rise, base_z_m + height_m - foot)
        along = (reach * np.cos(turn), reach * np.sin(turn), rise)
        width = np.hypot(reach, rise) * rng.uniform(0.15, 0.4)
        leaves.append(leaf((0.0, 0.0, foot), along, float(width), green))
    return leaves


def plant(rng: Generator, textures: TexturePool) -> Piece:
    """A potted plant, 0.7 to 1.7 m high."""
    height, pot, rim = rng.uniform(0.7, 1.7), rng.uniform(0.22, 0.36), rng.uniform(0.12, 0.2)
    soil, clay = Material(albedo=(0.05, 0.03, 0.02)), plastic(rng)
    profile = [(0, 0), (rim * 0.75, 0), (rim, pot), (rim - 0.015, pot), (rim - 0.02, pot - 0.03)]
    parts = [lathe(profile, clay, num_sides=16)]
    parts.append(cylinder((0, 0, pot - 0.05), rim - 0.02, 0.02, soil))
    stem = Material(albedo=(0.12, 0.08, 0.04))
    parts.append(cylinder((0, 0, pot - 0.05), 0.012, (height - pot) * 0.75, stem, num_sides=6))
    size = (rng.uniform(0.4, 0.9), height - pot)
    parts += foliage(int(rng.integers(18, 60)), pot, size, rng, textures)
    return assemble("plant", parts)


def floor_lamp(rng: Generator, _textures: TexturePool) -> Piece:
    """A shade on a pole."""
    height, radius = rng.uniform(1.35, 1.75), rng.uniform(0.15, 0.24)
    steel = metal(rng)
    shade = SHADE if rng.uniform() < 0.7 else lacquer(rng)
    low = height - rng.uniform(0.2, 0.32)
    upper = radius * rng.uniform(0.5, 1)
    return assemble(
        "floor_lamp",
        [
            cylinder((0, 0, 0), rng.uniform(0.12, 0.16), 0.025, steel, num_sides=20),
            cylinder((0, 0, 0.02), 0.013, low, steel, num_sides=8),
            lathe([(0, low), (radius, low), (upper, height), (0, height)], shade, num_sides=20),
        ],
    )


def piano(rng: Generator, textures: TexturePool) -> Piece:
    """An upright piano."""
    width, height = rng.uniform(1.4, 1.52), rng.uniform(1.1, 1.28)
    wood = dark(rng) if rng.uniform() < 0.5 else pick_material("grain", rng, textures, gloss=0.08)
    ivory, black = Material(albedo=(0.8, 0.76, 0.66), gloss=0.05), dark(rng)
    parts = [
        block((0, 0.14, 0), (width, 0.32, height), wood),
        block((0, -0.12, 0.6), (width, 0.36, 0.06), wood),
        block((0, -0.16, 0.66), (width - 0.16, 0.2, 0.02), ivory),
        block((0, -0.05, 0.66), (width, 0.06, 0.12), wood),
    ]
    for x in (-width / 2 + 0.04, width / 2 - 0.04):
        parts.append(block((x, -0.12, 0.66), (0.08, 0.36, 0.05), wood))
        parts.append(block((x, -0.24, 0), (0.07, 0.07, 0.6), wood))
    parts += [
        block((x, -0.12, 0.68), (0.012, 0.11, 0.01), black)
        for x in np.arange(-width / 2 + 0.11, width / 2 - 0.1, 0.028)
    ]
    return assemble("piano", parts, height)


def radiator(rng: Generator, _textures: TexturePool) -> Piece:
    """Ribs of white steel on feet, 10 cm above the floor."""
    width, height = rng.uniform(0.5, 1.4), rng.uniform(0.4, 0.6)
    white = lacquer(rng)
    parts = [block((0, 0.02, 0.1), (width, 0.05, height), white)]
    parts += [
        block((x, -0.02, 0.12), (0.035, 0.05, height - 0.04), white)
        for x in np.arange(-width / 2 + 0.03, width / 2 - 0.02, 0.06)
    ]
    parts += [
        block((x, 0.02, 0), (0.03, 0.03, 0.1), white) for x in (-width / 2 + 0.05, width / 2 - 0.05)
    ]
    return assemble("radiator", parts)


def waste_bin(rng: Generator, _textures: TexturePool) -> Piece:
    """A waste-paper bin, open."""
    radius, height, material = rng.uniform(0.11, 0.17), rng.uniform(0.26, 0.4), plastic(rng)
    profile = [(0, 0), (radius * 0.8, 0), (radius, height), (radius - 0.008, height)]
    profile += [(radius * 0.8 - 0.008, 0.01), (0, 0.01)]
    return assemble("bin", [lathe(profile, material, num_sides=20)])
