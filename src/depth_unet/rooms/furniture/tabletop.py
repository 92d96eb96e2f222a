"""Things that stand on tables and cupboards: books, lamps, crockery, screens, boxes."""

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.furniture.decor import SHADE, foliage
from depth_unet.rooms.furniture.materials import (
    appliance,
    dark,
    lacquer,
    metal,
    pick_material,
    plastic,
    porcelain,
)
from depth_unet.rooms.furniture.piece import Piece, assemble, block
from depth_unet.rooms.furniture.solids import cylinder, lathe, round_profile
from depth_unet.rooms.furniture.storage import screen_on_foot
from depth_unet.rooms.mesh import Material, rotation
from depth_unet.rooms.textures.pool import TexturePool


def book_pile(rng: Generator, _textures: TexturePool) -> Piece:
    """A pile of one to six books, slightly askew."""
    parts, level = [], 0.0
    for _ in range(int(rng.integers(1, 7))):
        width, depth = rng.uniform(0.13, 0.3), rng.uniform(0.12, 0.22)
        height = rng.uniform(0.01, 0.05)
        cover, pages = plastic(rng), Material(albedo=(0.75, 0.72, 0.62))
        askew = rotation(rng.uniform(-0.3, 0.3), (0, 0, level))
        parts.append(block((0, 0, 0), (width, depth, 0.003), cover).transform(askew))
        sheets = (width - 0.008, depth - 0.006, height - 0.006)
        parts.append(block((0.002, 0, 0.003), sheets, pages).transform(askew))
        parts.append(block((0, 0, height - 0.003), (width, depth, 0.003), cover).transform(askew))
        level += height
    return assemble("book_pile", parts)


def book_row(rng: Generator, textures: TexturePool) -> Piece:
    """Books that stand side by side."""
    size = (rng.uniform(0.15, 0.45), rng.uniform(0.15, 0.2), rng.uniform(0.18, 0.28))
    return assemble("book_row", [block((0, 0, 0), size, pick_material("books", rng, textures))])


def papers(rng: Generator, textures: TexturePool) -> Piece:
    """A few sheets."""
    parts = []
    for index in range(int(rng.integers(1, 4))):
        sheet = block(
            (0, 0, 0.002 * index), (0.21, 0.297, 0.0018), pick_material("paper", rng, textures)
        )
        shift = (rng.uniform(-0.08, 0.08), rng.uniform(-0.06, 0.06), 0)
        parts.append(sheet.transform(rotation(rng.uniform(-0.5, 0.5), shift)))
    return assemble("papers", parts)


def table_lamp(rng: Generator, _textures: TexturePool) -> Piece:
    """A shade on a foot."""
    height, radius = rng.uniform(0.32, 0.6), rng.uniform(0.1, 0.18)
    foot = plastic(rng) if rng.uniform() < 0.6 else metal(rng)
    shade = SHADE if rng.uniform() < 0.7 else lacquer(rng)
    low = height * rng.uniform(0.5, 0.65)
    belly = radius * rng.uniform(0.25, 0.55)
    base = [(0, 0), (belly, 0), (belly, low * 0.1), (belly * rng.uniform(0.2, 1), low * 0.5)]
    base += [(0.012, low * 0.8), (0.012, low), (0, low)]
    upper = radius * rng.uniform(0.5, 1)
    cover = lathe([(0, low), (radius, low), (upper, height), (0, height)], shade, num_sides=20)
    return assemble("table_lamp", [lathe(round_profile(base), foot, num_sides=14), cover])


def vase(rng: Generator, textures: TexturePool) -> Piece:
    """A vase, half of the time with leaves in it."""
    height, radius = rng.uniform(0.12, 0.35), rng.uniform(0.04, 0.1)
    neck = radius * rng.uniform(0.3, 0.9)
    profile = [(0, 0), (radius * 0.6, 0), (radius, height * 0.4), (radius * 0.85, height * 0.65)]
    profile += [(neck, height * 0.85), (neck, height), (0, height)]
    parts = [lathe(round_profile(profile), plastic(rng), num_sides=16)]
    if rng.uniform() < 0.5:
        size = (rng.uniform(0.15, 0.4), 0.3)
        parts += foliage(int(rng.integers(8, 20)), height, size, rng, textures)
    return assemble("vase", parts)


def bottle(rng: Generator, _textures: TexturePool) -> Piece:
    """A bottle with a neck and a label."""
    height, radius = rng.uniform(0.18, 0.33), rng.uniform(0.03, 0.045)
    neck = radius * rng.uniform(0.3, 0.5)
    profile = [(0, 0), (radius, 0), (radius, height * 0.6), (neck, height * 0.75), (neck, height)]
    glass, label = plastic(rng), lacquer(rng)
    parts = [lathe([*round_profile(profile), (0, height)], glass, num_sides=14)]
    parts.append(cylinder((0, 0, height * 0.18), radius + 0.001, height * 0.3, label))
    return assemble("bottle", parts)


def cup(rng: Generator, _textures: TexturePool) -> Piece:
    """A mug with its handle."""
    height, radius, clay = rng.uniform(0.08, 0.11), rng.uniform(0.035, 0.045), porcelain(rng)
    clay = clay if rng.uniform() < 0.5 else plastic(rng)
    profile = [(0, 0), (radius * 0.85, 0), (radius, height), (radius - 0.004, height)]
    body = lathe([*profile, (radius * 0.8, 0.01), (0, 0.01)], clay)
    return assemble(
        "cup", [body, block((radius + 0.01, 0, height * 0.25), (0.03, 0.01, 0.05), clay)]
    )


def bowl(rng: Generator, _textures: TexturePool) -> Piece:
    """A bowl, sometimes with fruit."""
    radius, height = rng.uniform(0.08, 0.16), rng.uniform(0.05, 0.09)
    clay = porcelain(rng) if rng.uniform() < 0.5 else plastic(rng)
    profile = [(0, 0), (radius * 0.4, 0), (radius * 0.8, height * 0.5), (radius, height)]
    profile += [(radius - 0.005, height), (radius * 0.75, height * 0.5), (0, height * 0.2)]
    parts = [lathe(profile, clay, num_sides=20)]
    for index in range(int(rng.integers(0, 6))):
        ball = [(0.0, 0.0), (0.026, 0.012), (0.036, 0.036), (0.026, 0.06), (0.0, 0.072)]
        turn, reach = index * 1.3, radius * 0.4
        parts.append(
            lathe(
                ball,
                plastic(rng),
                centre_m=(reach * np.cos(turn), reach * np.sin(turn), height * 0.4),
                num_sides=8,
            )
        )
    return assemble("bowl", parts)


def monitor(rng: Generator, textures: TexturePool) -> Piece:
    """A computer screen, mostly with a keyboard in front."""
    parts = screen_on_foot(rng.uniform(0.4, 0.62), 0.0, 0.1, rng, textures)
    if rng.uniform() < 0.7:
        keys = plastic(rng) if rng.uniform() < 0.3 else dark(rng)
        parts.append(block((0, -0.15, 0), (0.42, 0.13, 0.02), keys))
    return assemble("monitor", parts)


def laptop(rng: Generator, textures: TexturePool) -> Piece:
    """A portable computer, open."""
    width, depth = rng.uniform(0.3, 0.37), rng.uniform(0.21, 0.25)
    case, keys = appliance(rng), dark(rng)
    lean = rng.uniform(0.05, 0.45)
    cosine, sine = np.cos(lean), np.sin(lean)
    tilt = np.eye(4, dtype=np.float32)
    tilt[1:3, 1:3] = [[cosine, sine], [-sine, cosine]]
    tilt[1, 3], tilt[2, 3] = depth / 2, 0.01
    lid = [block((0, 0, 0), (width, 0.008, depth), case)]
    picture = pick_material("screen", rng, textures, gloss=0.08)
    lid.append(block((0, -0.005, 0.01), (width - 0.02, 0.002, depth - 0.02), picture))
    base = [block((0, 0, 0), (width, depth, 0.018), case)]
    base.append(block((0, 0.03, 0.018), (width - 0.04, depth * 0.5, 0.001), keys))
    return assemble("laptop", base + [part.transform(tilt) for part in lid])


def carton(rng: Generator, textures: TexturePool) -> Piece:
    """A small box, tin or packet."""
    size = (rng.uniform(0.08, 0.3), rng.uniform(0.06, 0.22), rng.uniform(0.05, 0.26))
    material = plastic(rng) if rng.uniform() < 0.6 else pick_material("picture", rng, textures)
    return assemble("carton", [block((0, 0, 0), size, material)])


def photo(rng: Generator, textures: TexturePool) -> Piece:
    """A framed photo that leans back."""
    width, height = rng.uniform(0.1, 0.22), rng.uniform(0.12, 0.26)
    lean = np.eye(4, dtype=np.float32)
    lean[1:3, 1:3] = [[np.cos(0.25), np.sin(0.25)], [-np.sin(0.25), np.cos(0.25)]]
    frame = block((0, 0, 0), (width, 0.012, height), plastic(rng))
    inner = (width - 0.03, 0.002, height - 0.03)
    image = block((0, -0.006, 0.015), inner, pick_material("picture", rng, textures))
    prop = block((0, height * 0.12, 0), (0.03, 0.01, height * 0.5), dark(rng))
    parts = [frame.transform(lean), image.transform(lean), prop]
    low = min(float(part.positions_m[..., 2].min()) for part in parts)
    return assemble("photo", [part.transform(rotation(0, (0, 0, -low))) for part in parts])


def clock(rng: Generator, _textures: TexturePool) -> Piece:
    """A small clock or radio."""
    size = (rng.uniform(0.1, 0.25), rng.uniform(0.06, 0.1), rng.uniform(0.08, 0.14))
    face = (size[0] * 0.7, 0.004, size[2] * 0.6)
    parts = [block((0, 0, 0), size, plastic(rng))]
    parts.append(block((0, -size[1] / 2, size[2] * 0.2), face, dark(rng)))
    return assemble("clock", parts)


def microwave(rng: Generator, _textures: TexturePool) -> Piece:
    """A microwave oven."""
    width, depth, height = rng.uniform(0.44, 0.52), rng.uniform(0.32, 0.4), rng.uniform(0.26, 0.3)
    case, black = appliance(rng), dark(rng)
    parts = [block((0, 0, 0), (width, depth, height), case)]
    window = (width * 0.62, 0.006, height - 0.06)
    parts.append(block((-width * 0.15, -depth / 2, 0.03), window, black))
    parts.append(block((width * 0.36, -depth / 2, 0.05), (width * 0.18, 0.006, 0.12), metal(rng)))
    return assemble("microwave", parts)


def kettle(rng: Generator, _textures: TexturePool) -> Piece:
    """A kettle or coffee pot."""
    radius, height = rng.uniform(0.07, 0.09), rng.uniform(0.18, 0.25)
    body = metal(rng) if rng.uniform() < 0.5 else plastic(rng)
    profile = [(0, 0), (radius, 0), (radius, height * 0.2), (radius * 0.6, height), (0, height)]
    handle = block((radius + 0.02, 0, height * 0.25), (0.02, 0.025, height * 0.6), dark(rng))
    spout = block((-radius * 0.8, 0, height * 0.75), (radius * 0.6, 0.03, 0.03), body)
    bridge = block((radius * 0.8, 0, height * 0.78), (radius * 0.6, 0.025, 0.02), handle.material)
    return assemble("kettle", [lathe(profile, body, num_sides=16), handle, spout, bridge])


def potted_plant(rng: Generator, textures: TexturePool) -> Piece:
    """A plant for a window sill."""
    height, rim = rng.uniform(0.08, 0.15), rng.uniform(0.05, 0.09)
    profile = [(0, 0), (rim * 0.7, 0), (rim, height), (0, height)]
    parts = [lathe(profile, plastic(rng), num_sides=14)]
    size = (rng.uniform(0.15, 0.4), rng.uniform(0.1, 0.35))
    parts += foliage(int(rng.integers(10, 28)), height, size, rng, textures)
    return assemble("potted_plant", parts)
