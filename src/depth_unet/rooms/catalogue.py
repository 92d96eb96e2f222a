"""What a room may be furnished with: models where the pack has them, shapes where not."""

import numpy as np

from depth_unet.rooms.piece import Piece
from depth_unet.rooms.scene import Furniture, Share
from depth_unet.rooms.shapes import SMALL, make_shape
from depth_unet.rooms.texture import TexturePool


class Catalogue:
    """Draws furniture of one pack for one share of the rooms.

    Args:
        furniture: Which models there are beside the shapes.
        share: Models and textures of the two shares are different ones.

    Raises:
        DataError: The pack is not there.
    """

    def __init__(self, furniture: Furniture, share: Share) -> None:
        self.furniture = furniture
        self.textures = TexturePool(share)

    def piece(self, kind: str, rng: np.random.Generator) -> Piece:
        """One piece that stands on the floor or hangs on a wall.

        Args:
            kind: One of ``shapes.STANDING`` or ``shapes.HANGING``.
            rng: The same state gives the same piece.

        Raises:
            ConfigError: There is no such kind.
        """
        return make_shape(kind, rng, self.textures)

    def small(self, rng: np.random.Generator) -> Piece:
        """One thing that stands on a top."""
        return make_shape(SMALL[int(rng.integers(len(SMALL)))], rng, self.textures)
