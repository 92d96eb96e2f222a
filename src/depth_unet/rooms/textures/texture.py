"""Procedural textures and the pools that scenes draw them from."""

from functools import cache
from typing import get_args

import numpy as np
from jaxtyping import UInt8
from numpy.random import Generator

from depth_unet.errors import ConfigError
from depth_unet.rooms.options import Share
from depth_unet.rooms.textures import prints, surfaces
from depth_unet.rooms.textures.noise import to_bytes

_REPEATING = {
    "wood": surfaces.wood,
    "grain": surfaces.grain,
    "tile": surfaces.tile,
    "brick": surfaces.brick,
    "carpet": surfaces.carpet,
    "plaster": surfaces.plaster,
    "concrete": surfaces.concrete,
    "stone": surfaces.stone,
    "wallpaper": surfaces.wallpaper,
    "ceiling": surfaces.ceiling,
    "brushed": surfaces.brushed,
    "fabric": prints.fabric,
    "leather": prints.leather,
    "leaves": prints.leaves,
}
_SINGLE = {
    "rug": prints.rug,
    "picture": prints.picture,
    "books": prints.books,
    "paper": prints.paper,
    "screen": prints.screen,
    "board": prints.board,
    "cork": prints.cork,
}
MAKERS = _REPEATING | _SINGLE
"""How each kind is drawn. A kind's position seeds its textures: new kinds go last."""
SINGLE = tuple(_SINGLE)
"""Kinds that are shown once, by ``Material.stretch``; the others tile without a seam."""
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
    """The textures of one share. Those of the other share are different ones.

    Each is made when it is first picked and then kept for the life of the process, so that a
    renderer may know a texture by its identity.

    Args:
        share: Whose rooms are built.
        per_kind: How many textures of a kind there are.
    """

    def __init__(self, share: Share, per_kind: int = 24) -> None:
        self.share = share
        self.per_kind = per_kind

    def pick(self, kind: str, rng: Generator) -> UInt8[np.ndarray, "256 256 3"]:
        """One of the pool's textures, sRGB; takes one draw from ``rng``.

        Raises:
            ConfigError: There is no such kind.
        """
        return _pooled(self.share, kind, int(rng.integers(self.per_kind)))


@cache
def _pooled(share: Share, kind: str, index: int) -> UInt8[np.ndarray, "256 256 3"]:
    number = [*MAKERS, kind].index(kind)
    seed = [_SALT, get_args(Share).index(share), number, index]
    texture = make_texture(kind, np.random.default_rng(seed))
    texture.setflags(write=False)
    return texture
