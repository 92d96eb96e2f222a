"""The kinds of textures, and the pool from which scenes pick them."""

from functools import cache
from typing import get_args

import numpy as np
from jaxtyping import UInt8
from numpy.random import Generator

from depth_unet.errors import ConfigError
from depth_unet.rooms.options import Split
from depth_unet.rooms.textures import prints, surfaces
from depth_unet.rooms.textures.noise import to_bytes

_REPEATING = (
    *(surfaces.wood, surfaces.grain, surfaces.tile, surfaces.brick, surfaces.carpet),
    *(surfaces.plaster, surfaces.concrete, surfaces.stone, surfaces.wallpaper, surfaces.ceiling),
    *(surfaces.brushed, prints.fabric, prints.leather, prints.leaves),
)
_SHOWN_ONCE = (
    *(prints.rug, prints.picture, prints.books, prints.paper, prints.screen, prints.board),
    prints.cork,
)
MAKERS = {maker.__name__: maker for maker in _REPEATING + _SHOWN_ONCE}
"""By kind, the name of the function. Add new kinds last: the position seeds the textures."""
SINGLE = tuple(maker.__name__ for maker in _SHOWN_ONCE)
"""Kinds that are stretched over a quad (``Material.stretch``); the others tile."""
SIZE_M = {
    "wood": (0.5, 1.1),
    "tile": (0.6, 1.3),
    "brick": (0.85, 1.1),
    "carpet": (0.4, 0.8),
    "plaster": (1.0, 2.2),
    "concrete": (1.5, 3.0),
    "wallpaper": (0.5, 1.2),
    "ceiling": (0.6, 1.2),
}
"""Side of one repetition on floors, walls and ceilings, metres: the range of plausible sizes."""
_SALT = 0x7E87


def make_texture(kind: str, rng: Generator) -> UInt8[np.ndarray, "256 256 3"]:
    """One texture, sRGB; the same state of ``rng`` gives the same bytes.

    Raises:
        ConfigError: There is no such kind.
    """
    if kind not in MAKERS:
        raise ConfigError(f"there is no texture {kind!r}; choose one of {', '.join(MAKERS)}")
    return to_bytes(MAKERS[kind](rng))


class TexturePool:
    """The textures of one split, ``per_kind`` of every kind; the other split has different ones.

    A texture is made when it is first picked and kept for the life of the process, so that the
    renderer can identify it by its ``id``.
    """

    def __init__(self, split: Split, per_kind: int = 24) -> None:
        self.split = split
        self.per_kind = per_kind

    def pick(self, kind: str, rng: Generator) -> UInt8[np.ndarray, "256 256 3"]:
        """A random texture of a kind, sRGB; draws one number from ``rng``.

        Raises:
            ConfigError: There is no such kind.
        """
        return _cached_texture(self.split, kind, int(rng.integers(self.per_kind)))


@cache
def _cached_texture(split: Split, kind: str, index: int) -> UInt8[np.ndarray, "256 256 3"]:
    number = [*MAKERS, kind].index(kind)
    seed = [_SALT, get_args(Split).index(split), number, index]
    texture = make_texture(kind, np.random.default_rng(seed))
    texture.setflags(write=False)
    return texture
