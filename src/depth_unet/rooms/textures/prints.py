"""Textures of cloth, and pictures that are shown once: paintings, book spines, screens, rugs."""

import numpy as np
from jaxtyping import Float32
from numpy.random import Generator

from depth_unet.rooms.textures.noise import SIDE_PX, noise, smooth_step
from depth_unet.rooms.textures.palette import WARM_HUES, draw_colour
from depth_unet.rooms.textures.surfaces import TURN, Image

Mask = Float32[np.ndarray, "256 256"]


def fabric(rng: Generator) -> Image:
    """Woven cloth, plain, striped or checked; repeats."""
    colour = draw_colour(rng, WARM_HUES if rng.uniform() < 0.4 else (0, 1), (0, 0.65), (0.15, 0.9))
    thread = np.sin(TURN * SIDE_PX / 4)
    weave = 1 + 0.06 * thread[None] * thread[:, None] + 0.04 * noise(rng, 0.7)
    image = np.broadcast_to(colour, (SIDE_PX, SIDE_PX, 3)).astype(np.float32)
    if rng.uniform() < 0.3:
        other = draw_colour(rng, (0, 1), (0, 0.65), (0.1, 0.9))
        stripes = np.sin(TURN * rng.integers(2, 9)) > rng.uniform(-0.3, 0.6)
        image = np.where(stripes[None, :, None], image, image * 0.3 + 0.7 * other)
        if rng.uniform() < 0.5:
            image = np.where(stripes[:, None, None], image, image * 0.5 + 0.5 * other)
    elif rng.uniform() < 0.15:
        image = _print_pattern(image, rng)
    return np.asarray(image * weave[..., None], np.float32)


def _print_pattern(image: Image, rng: Generator) -> Image:
    """Blots of a second colour on a lattice, like printed cotton."""
    other = draw_colour(rng, (0, 1), (0.1, 0.7), (0.2, 0.95))
    num = int(rng.integers(2, 6))
    bumps = np.cos(TURN * num)[:, None] + np.cos(TURN * num)[None] + 0.7 * noise(rng, 1.3)
    share = smooth_step(bumps - rng.uniform(0.5, 1.2), 8.0)[..., None]
    return np.asarray(image * (1 - share) + other * share, np.float32)


def leather(rng: Generator) -> Image:
    """Creased hide in browns, black, cream; repeats."""
    is_coloured = rng.uniform() < 0.15
    hue = (0.0, 1.0) if is_coloured else (0.03, 0.09)
    colour = draw_colour(rng, hue, (0.05, 0.6), (0.1, 0.75))
    creases = np.exp(-np.abs(noise(rng, 1.0)) * 9)
    shade = 1 - 0.12 * creases + 0.03 * noise(rng, 1.5)
    return np.asarray(colour * shade[..., None], np.float32)


def rug(rng: Generator) -> Image:
    """A rug with a border: plain, banded, or with figures mirrored along both axes."""
    hue = (-0.05, 0.15) if rng.uniform() < 0.6 else (0.0, 1.0)
    colours = [draw_colour(rng, hue, (0.05, 0.5), (0.15, 0.8)) for _ in range(3)]
    axis = np.abs(np.linspace(-1, 1, SIDE_PX, dtype=np.float32))
    edge = np.maximum(axis[:, None], axis[None])
    figure = noise(rng, 1.4)
    figure = figure + figure[::-1]
    figure = figure + figure[:, ::-1]
    bands = np.broadcast_to(np.sin(axis * rng.integers(6, 40))[:, None], figure.shape)
    field = [np.full_like(figure, -9), bands, figure][int(rng.integers(3))]
    share = smooth_step(field, 5.0)[..., None]
    image = colours[0] * (1 - share) + colours[1] * share
    for outer, colour in ((rng.uniform(0.8, 0.95), colours[2]), (0.96, colours[0] * 0.7)):
        image = np.where(edge[..., None] > outer, colour, image)
    return np.asarray(image * (1 + 0.07 * noise(rng, 0.3)[..., None]), np.float32)


def picture(rng: Generator) -> Image:
    """A painting or a poster: blots, a landscape, or planes of colour."""
    image = np.broadcast_to(draw_colour(rng, (0, 1), (0, 0.6), (0.15, 1)), (SIDE_PX, SIDE_PX, 3))
    masks = [_blot, _hill, _plane][int(rng.integers(3))]
    for layer in range(int(rng.integers(2, 6))):
        share = masks(rng, layer)[..., None]
        image = image * (1 - share) + draw_colour(rng, (0, 1), (0, 0.8), (0.05, 1)) * share
    image = image * (1 + 0.04 * noise(rng, 0.9)[..., None])
    if rng.uniform() < 0.4:  # A mount of paper around the picture.
        width = int(rng.integers(16, 48))
        mount = np.full_like(image, rng.uniform(0.8, 0.98))
        inside = slice(width, SIDE_PX - width)
        mount[inside, inside] = image[inside, inside]
        image = mount
    return np.asarray(image, np.float32)


def _blot(rng: Generator, _layer: int) -> Mask:
    return smooth_step(noise(rng, rng.uniform(1.2, 2.5)) + rng.uniform(-1, 1), rng.uniform(1, 8))


def _hill(rng: Generator, layer: int) -> Mask:
    ridge = noise(rng, 1.5)[:1] * rng.uniform(0.02, 0.12) + 0.3 + 0.15 * layer
    rows = np.linspace(0, 1, SIDE_PX, dtype=np.float32)[:, None]
    return smooth_step(rows - ridge, 60.0)


def _plane(rng: Generator, _layer: int) -> Mask:
    low, high = np.sort(rng.integers(0, SIDE_PX, (2, 2)), axis=0)
    mask = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    mask[low[0] : high[0] + 1, low[1] : high[1] + 1] = 1
    return mask


def books(rng: Generator) -> Image:
    """A row of book spines of unequal height in front of a dark back."""
    image = np.full((SIDE_PX, SIDE_PX, 3), 0.03, np.float32)
    is_series = rng.uniform() < 0.2
    shared = draw_colour(rng, (0, 1), (0, 0.7), (0.1, 0.9))
    left = 0
    while left < SIDE_PX:
        width = int(rng.integers(5, 22))
        top = 30 if is_series else int(rng.integers(0, 70))
        colour = shared if is_series else draw_colour(rng, (0, 1), (0, 0.85), (0.05, 0.95))
        image[top:, left : left + width] = colour * rng.uniform(0.9, 1.05)
        image[:, left : left + 1] *= 0.3
        if width > 6 and rng.uniform() < 0.6:  # The title.
            row = int(rng.integers(top + 10, 200))
            label = draw_colour(rng, (0, 1), (0, 0.5), (0.2, 0.95))
            image[row : row + int(rng.integers(4, 40)), left + 2 : left + width - 2] = label
        left += width
    return image


def paper(rng: Generator) -> Image:
    """A sheet with lines of print and perhaps a figure."""
    image = np.full((SIDE_PX, SIDE_PX, 3), rng.uniform(0.85, 0.97), np.float32)
    ink = rng.uniform(0.1, 0.5)
    for row in range(24, SIDE_PX - 24, int(rng.integers(8, 14))):
        if rng.uniform() < 0.15:
            continue
        ends = int(rng.integers(150, SIDE_PX - 20))
        image[row : row + 3, 24:ends] = ink + (1 - ink) * rng.uniform(0, 0.7, (1, ends - 24, 1))
    if rng.uniform() < 0.5:
        row, column = rng.integers(24, 120, 2)
        image[row : row + 80, column : column + 100] = draw_colour(rng, (0, 1), (0, 0.8), (0.2, 1))
    return image


def screen(rng: Generator) -> Image:
    """A screen that is off (dark), or shows windows of a program."""
    image = np.full((SIDE_PX, SIDE_PX, 3), rng.uniform(0.02, 0.08), np.float32)
    if rng.uniform() < 0.6:
        return image
    image[:] = draw_colour(rng, (0.5, 0.7), (0.1, 0.8), (0.2, 0.7))
    for _ in range(int(rng.integers(1, 4))):
        top, left = rng.integers(8, 120, 2)
        height, width = rng.integers(60, 130, 2)
        part = image[top : top + height, left : left + width]
        part[:] = rng.uniform(0.75, 1.0)
        part[:8] = draw_colour(rng, (0.5, 0.7), (0.1, 0.8), (0.2, 0.7))
        part[16:-8:8, 8 : int(rng.integers(20, width))] = 0.35
    return image


def board(rng: Generator) -> Image:
    """A blackboard (green, black) or a whiteboard, wiped, with some writing."""
    is_white = rng.uniform() < 0.4
    colour = draw_colour(rng, (0.3, 0.45), (0.0, 0.5), (0.12, 0.3))
    base = np.full(3, rng.uniform(0.85, 0.95), np.float32) if is_white else colour
    ink = (
        draw_colour(rng, (0, 1), (0.3, 0.9), (0.1, 0.6))
        if is_white
        else np.full(3, 0.85, np.float32)
    )
    smear = smooth_step(noise(rng, 1.5, 0.6), 1.0)[..., None] * (0.03 if is_white else 0.15)
    image = base + (0.8 - base) * smear
    for _ in range(int(rng.integers(0, 9))):
        row, left = int(rng.integers(20, 220)), int(rng.integers(10, 140))
        columns = np.arange(left, left + int(rng.integers(30, 110)))
        wave = np.cumsum(rng.normal(0, 1.2, len(columns)))
        rows = np.clip(row + 4 * np.sin(columns / 1.7) + 0.3 * wave, 0, SIDE_PX - 2).astype(int)
        pen = (rng.uniform(size=len(columns)) < 0.85).astype(np.float32)[:, None] * 0.8
        for thick in (0, 1):
            image[rows + thick, columns] += (ink - image[rows + thick, columns]) * pen
    return np.asarray(image, np.float32)


def cork(rng: Generator) -> Image:
    """A pin board with notes."""
    grains = 0.12 * noise(rng, 0.5)[..., None]
    image = draw_colour(rng, (0.07, 0.1), (0.35, 0.6), (0.5, 0.75)) * (1 + grains)
    for _ in range(int(rng.integers(2, 12))):
        top, left = rng.integers(5, 200, 2)
        height, width = rng.integers(18, 56, 2)
        note = draw_colour(rng, (0, 1), (0, 0.5), (0.7, 1.0))
        image[top : top + height, left : left + width] = note
        image[top + 4 : top + height : 6, left + 3 : left + width - 4] = note * 0.7
    return np.asarray(image, np.float32)


def leaves(rng: Generator) -> Image:
    """Foliage green with veins; repeats."""
    colour = draw_colour(rng, (0.22, 0.36), (0.3, 0.7), (0.2, 0.55))
    veins = np.exp(-np.abs(noise(rng, 1.2, 0.3)) * 8)
    return np.asarray(colour * (1 + 0.1 * noise(rng, 1.0) + 0.25 * veins)[..., None], np.float32)
