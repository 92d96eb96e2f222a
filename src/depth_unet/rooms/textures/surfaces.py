"""Textures of floors, walls and furniture; each tiles without a seam."""

import numpy as np
from jaxtyping import Float32
from numpy.random import Generator

from depth_unet.rooms.textures.noise import SIDE_PX, noise, smooth_step
from depth_unet.rooms.textures.palette import WARM_HUES, draw_colour

Image = Float32[np.ndarray, "256 256 3"]
TURN = np.linspace(0, 2 * np.pi, SIDE_PX, endpoint=False, dtype=np.float32)


def grain(rng: Generator) -> Image:
    """Veneer without joints; the fibres run along the rows or the columns."""
    image = _fibres(rng)
    return image if rng.uniform() < 0.5 else np.ascontiguousarray(image.transpose(1, 0, 2))


def _fibres(rng: Generator) -> Image:
    colour = draw_colour(rng, (0.04, 0.11), (0.25, 0.65), (0.25, 0.85))
    fibres = noise(rng, 1.0, 16.0, 1.0)
    rings = np.sin(TURN[:, None] * rng.integers(3, 10) + rng.uniform(0.8, 2.5) * fibres)
    pores = np.minimum(noise(rng, 0.5, 20.0, 1.0), 0)
    shade = 1 + rng.uniform(0.04, 0.1) * fibres + rng.uniform(0.02, 0.06) * rings + 0.03 * pores
    warmth = 1 + 0.04 * fibres[..., None] * np.array([0.3, 0.0, -0.6], np.float32)
    return np.asarray(colour * shade[..., None] * warmth, np.float32)


def wood(rng: Generator) -> Image:
    """Floor boards, 4 to 8 across, or blocks of parquet."""
    boards = _fibres(rng)
    num_rows = int(rng.choice([4, 4, 8]))
    contrast = rng.uniform(0.03, 0.18)
    if rng.uniform() < 0.2:
        return _parquet(boards, rng, contrast)
    height = SIDE_PX // num_rows
    for row in range(num_rows):
        part = slice(row * height, (row + 1) * height)
        boards[part] = np.roll(boards[part], rng.integers(SIDE_PX), 1)
        ends = np.sort(rng.integers(0, SIDE_PX, size=int(rng.integers(1, 3))))
        side = np.searchsorted(ends, np.arange(SIDE_PX)) % len(ends)
        boards[part] *= rng.uniform(1 - contrast, 1 + contrast, len(ends))[side][None, :, None]
        boards[part, ends] *= 0.6
        boards[part.start] *= 0.55
    return boards


def _parquet(boards: Image, rng: Generator, contrast: float) -> Image:
    num, side = 4, SIDE_PX // 4
    image = np.empty_like(boards)
    for row, column in np.ndindex(num, num):
        y, x = rng.integers(0, SIDE_PX - side, 2)
        block = boards[y : y + side, x : x + side] * rng.uniform(1 - contrast, 1 + contrast)
        block[:: side // 4] *= 0.7
        turned = block if (row + column) % 2 else block.transpose(1, 0, 2)
        image[row * side : (row + 1) * side, column * side : (column + 1) * side] = turned
    return image


def tile(rng: Generator) -> Image:
    """Square or oblong tiles with grout, in one colour or a chessboard pattern."""
    colour = draw_colour(rng, WARM_HUES if rng.uniform() < 0.6 else (0, 1), (0, 0.22), (0.4, 0.96))
    num_rows = int(rng.choice([1, 2, 4, 4]))
    num_columns = num_rows if rng.uniform() < 0.75 else max(1, num_rows // 2)
    height, width = SIDE_PX // num_rows, SIDE_PX // num_columns
    joint_px = int(rng.integers(2, 5))
    other = draw_colour(rng, (0, 1), (0, 0.3), (0.1, 0.6))
    is_chess = num_rows > 1 and num_rows == num_columns and rng.uniform() < 0.15
    veins = rng.uniform(0.01, 0.06) * noise(rng, 1.3)
    image = np.broadcast_to(1 + veins[..., None], (SIDE_PX, SIDE_PX, 3)).astype(np.float32)
    grout = colour * rng.uniform(0.45, 0.85)
    for row, column in np.ndindex(num_rows, num_columns):
        part = np.s_[row * height : (row + 1) * height, column * width : (column + 1) * width]
        base = other if is_chess and (row + column) % 2 else colour
        image[part] *= base * rng.uniform(0.95, 1.04)
    for offset in range(joint_px):
        image[offset::height] = grout
        image[:, offset::width] = grout
    return image


def brick(rng: Generator) -> Image:
    """Brickwork in stretcher bond, bare or painted."""
    is_painted = rng.uniform() < 0.3
    saturation, value = ((0, 0.1), (0.7, 0.95)) if is_painted else ((0.25, 0.6), (0.35, 0.8))
    colour = draw_colour(rng, (-0.02, 0.08), saturation, value)
    spread = 0.03 if is_painted else 0.2
    mortar = colour * 0.85 if is_painted else np.full(3, rng.uniform(0.45, 0.85), np.float32)
    height, width = SIDE_PX // 8, SIDE_PX // 4
    image = np.broadcast_to(colour, (SIDE_PX, SIDE_PX, 3)).astype(np.float32)
    for row, column in np.ndindex(8, 4):
        columns = (np.arange(width) + (row % 2) * width // 2 + column * width) % SIDE_PX
        image[row * height : (row + 1) * height, columns] *= rng.uniform(1 - spread, 1 + spread)
        image[row * height : (row + 1) * height, columns[:3]] = mortar
    rows = np.arange(SIDE_PX) % height < 3
    image[rows] = mortar
    return np.asarray(image * (1 + 0.06 * noise(rng, 0.6)[..., None]), np.float32)


def carpet(rng: Generator) -> Image:
    """Pile: grains of one colour, sometimes flecked with another, sometimes worn in patches."""
    colour = draw_colour(rng, WARM_HUES if rng.uniform() < 0.5 else (0, 1), (0, 0.5), (0.15, 0.8))
    pile = noise(rng, rng.uniform(0.1, 0.6))
    worn = noise(rng, 1.8)
    image = colour * (1 + rng.uniform(0.05, 0.16) * pile + 0.02 * worn)[..., None]
    if rng.uniform() < 0.35:
        fleck = draw_colour(rng, (0, 1), (0, 0.5), (0.15, 0.9))
        share = smooth_step(noise(rng, 0.2) - rng.uniform(0.5, 1.5), 6.0)[..., None] * 0.6
        image = image * (1 - share) + fleck * share
    return np.asarray(image, np.float32)


def plaster(rng: Generator) -> Image:
    """A painted wall: mostly light, warm and nearly uniform."""
    is_muted = rng.uniform() < 0.86
    hue = WARM_HUES if rng.uniform() < 0.65 else (0.0, 1.0)
    saturation = (0.0, 0.16) if is_muted else (0.15, 0.45)
    colour = draw_colour(rng, hue, saturation, (0.55, 0.97) if is_muted else (0.4, 0.9))
    relief = rng.uniform(0.003, 0.02) * noise(rng, rng.uniform(0.3, 1.2))
    stains = rng.uniform(0.0, 0.012) * noise(rng, 2.0)
    return np.asarray(colour * (1 + relief + stains)[..., None], np.float32)


def concrete(rng: Generator) -> Image:
    """Grey, cloudy concrete with pores."""
    colour = draw_colour(rng, WARM_HUES, (0.0, 0.1), (0.35, 0.75))
    pores = smooth_step(noise(rng, 0.4) - 2.6, 8.0)
    shade = 1 + 0.05 * noise(rng, 1.5) + 0.02 * noise(rng, 0.3) - 0.3 * pores
    return np.asarray(colour * shade[..., None], np.float32)


def stone(rng: Generator) -> Image:
    """Worktops: granite by speckles, marble by veins."""
    colour = draw_colour(rng, WARM_HUES, (0.0, 0.2), (0.15, 0.92))
    other = draw_colour(rng, WARM_HUES, (0.0, 0.25), (0.1, 0.9))
    if rng.uniform() < 0.5:
        share = smooth_step(noise(rng, 0.5) - rng.uniform(0, 1), 4.0) * rng.uniform(0.3, 0.8)
    else:
        share = np.exp(-np.abs(noise(rng, 1.6)) * rng.uniform(8, 20)) * rng.uniform(0.2, 0.6)
    return np.asarray(colour + (other - colour) * share[..., None], np.float32)


def wallpaper(rng: Generator) -> Image:
    """Stripes, a lattice, dots or clouds of two near colours."""
    colour = draw_colour(rng, (0, 1), (0, 0.35), (0.45, 0.95))
    other = draw_colour(rng, (0, 1), (0, 0.4), (0.4, 0.95))
    num = int(rng.integers(1, 5))
    row, column = np.sin(4 * num * TURN)[:, None], np.sin(4 * num * TURN)[None]
    stripes = np.broadcast_to(np.sin(8 * num * TURN)[None], (SIDE_PX, SIDE_PX))
    patterns = [stripes, row * column, np.minimum(row, column) - 0.4, noise(rng, 1.8)]
    share = smooth_step(patterns[int(rng.integers(len(patterns)))], 6.0)[..., None]
    image = colour + (other - colour) * rng.uniform(0.1, 0.55) * share
    return np.asarray(image * (1 + 0.008 * noise(rng, 0.3)[..., None]), np.float32)


def ceiling(rng: Generator) -> Image:
    """White acoustic panels with pores, in a metal grid."""
    colour = draw_colour(rng, WARM_HUES, (0.0, 0.06), (0.78, 0.95))
    pores = smooth_step(noise(rng, 0.3) - rng.uniform(1.0, 2.0), 8.0)
    image = colour * (1 - rng.uniform(0.05, 0.3) * pores)[..., None]
    num = int(rng.choice([1, 2]))
    for offset in range(4):
        edge = colour * (0.75 if offset in (0, 3) else 1.0)
        image[offset :: SIDE_PX // num] = edge
        image[:, offset::SIDE_PX] = edge
    return np.asarray(image, np.float32)


def brushed(rng: Generator) -> Image:
    """Brushed metal."""
    colour = draw_colour(rng, (0.05, 0.65), (0.0, 0.06), (0.45, 0.8))
    shade = 1 + rng.uniform(0.01, 0.04) * noise(rng, 0.5, 40.0, 1.0)
    return np.asarray(colour * shade[..., None], np.float32)
