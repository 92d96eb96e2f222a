"""Materials of furniture: veneer, cloth, lacquer, metal, porcelain, plastic."""

from bisect import bisect

from numpy.random import Generator

from depth_unet.rooms.mesh import Material
from depth_unet.rooms.textures.palette import WARM_HUES, draw_colour, grey, linear
from depth_unet.rooms.textures.pool import SINGLE, TexturePool


def pick_material(kind: str, rng: Generator, textures: TexturePool, gloss: float = 0.0) -> Material:
    """A material with a random texture of a kind; pictures are stretched over a quad.

    Raises:
        ConfigError: There is no such kind of texture.
    """
    texture = textures.pick(kind, rng)
    return Material(texture=texture, gloss=gloss, stretch=kind in SINGLE)


def carpentry(rng: Generator, textures: TexturePool) -> Material:
    """The material of cupboards: veneer, or white or coloured lacquer."""
    draw = rng.uniform()
    if draw < 0.68:
        return pick_material("grain", rng, textures, gloss=float(rng.uniform(0, 0.05)))
    if draw < 0.9:
        return lacquer(rng)
    return Material(albedo=linear(draw_colour(rng, (0, 1), (0.1, 0.5), (0.2, 0.8))), gloss=0.03)


def lacquer(rng: Generator) -> Material:
    """White to cream paint."""
    colour = draw_colour(rng, WARM_HUES, (0.0, 0.1), (0.75, 0.95))
    return Material(albedo=linear(colour), gloss=float(rng.uniform(0, 0.05)))


def upholstery(rng: Generator, textures: TexturePool) -> Material:
    """Cloth or, less often, leather."""
    if rng.uniform() < 0.75:
        return pick_material("fabric", rng, textures)
    return pick_material("leather", rng, textures, gloss=float(rng.uniform(0.01, 0.05)))


def metal(rng: Generator) -> Material:
    """Steel, or black or brass-coloured fittings."""
    draw = rng.uniform()
    if draw < 0.6:
        return Material(albedo=grey(rng.uniform(0.5, 0.8)), gloss=0.3)
    if draw < 0.85:
        return Material(albedo=grey(rng.uniform(0.1, 0.25)), gloss=0.08)
    return Material(albedo=linear(draw_colour(rng, (0.1, 0.13), (0.3, 0.6), (0.5, 0.8))), gloss=0.3)


def appliance(rng: Generator) -> Material:
    """White enamel, steel, or black."""
    white, steel, black = (0.85, 0.95, 0.04), (0.5, 0.75, 0.15), (0.1, 0.2, 0.08)
    darkest, lightest, gloss = (white, steel, black)[bisect((0.6, 0.85), rng.uniform())]
    return Material(albedo=grey(rng.uniform(darkest, lightest)), gloss=gloss)


def sheet_metal(rng: Generator) -> Material:
    """Painted steel of lockers and filing cabinets: grey, beige, sometimes a muted colour."""
    saturation = (0.0, 0.12) if rng.uniform() < 0.75 else (0.2, 0.5)
    colour = draw_colour(rng, (0.05, 0.65), saturation, (0.35, 0.85))
    return Material(albedo=linear(colour), gloss=0.04)


def porcelain(rng: Generator) -> Material:
    """Glazed porcelain, slightly warm white."""
    return Material(albedo=linear(draw_colour(rng, WARM_HUES, (0, 0.08), (0.85, 0.96))), gloss=0.05)


def plastic(rng: Generator) -> Material:
    """Dull plastic of any colour; half of it is grey or black."""
    if rng.uniform() < 0.5:
        return Material(albedo=grey(rng.uniform(0.1, 0.9)), gloss=0.03)
    return Material(albedo=linear(draw_colour(rng, (0, 1), (0.1, 0.75), (0.15, 0.9))), gloss=0.03)


def dark(rng: Generator) -> Material:
    """Glass over black: screens, oven doors, hobs."""
    return Material(albedo=grey(rng.uniform(0.03, 0.12)), gloss=0.12)
