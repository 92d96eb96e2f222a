"""Where the light of one view is summed up, cleaned of noise and made into a picture.

Irradiance belongs to the surface in the middle of its pixel, so that the denoiser never meets a
mixture. A path beside the middle may meet another surface, at the edge of a thing: its albedo is
multiplied by the irradiance of a neighbouring pixel whose middle lies on that surface. Edges are
smooth that way.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import cv2
import numpy as np
from jaxtyping import Float32, Int64

from depth_unet.rooms.render import kernels
from depth_unet.rooms.render.denoise import denoise
from depth_unet.rooms.render.kernels import Points

DIRECT_SHARPNESS = (0.4, 0.8, 1.6)
BOUNCED_SHARPNESS = (0.0, 0.3, 0.6, 1.0)
MIRRORED_SHARPNESS = (0.0, 0.5)
NEIGHBOURHOOD = (5, 5)


class Surfaces(NamedTuple):
    """What the paths of one sample met: the pixel, whose irradiance it has or -1, the albedo."""

    pixel: Int64[np.ndarray, " n"]
    owner: Int64[np.ndarray, " n"]
    albedo: Float32[np.ndarray, "n 3"]


@dataclass(slots=True, kw_only=True, eq=False)
class Film:
    """Sums over the paths of every pixel, row by row.

    Attributes:
        height: Rows.
        width: Columns.
        depth_m: At the middle of every pixel.
        positions_m: Of what is there, in the world.
        normals: Of what is there; 0 where no surface is.
        direct: Irradiance over pi from lights.
        bounced: The same from other surfaces.
        mirrored: Radiance.
        unfiltered: Radiance that is left as it is: of lights, and of surfaces without owner.
        num_direct: Paths in ``direct``.
        num_bounced: Paths in ``bounced``.
        surfaces: What the paths met, by sample.
    """

    height: int
    width: int
    depth_m: Float32[np.ndarray, " p"]
    positions_m: Float32[np.ndarray, "p 3"]
    normals: Float32[np.ndarray, "p 3"]
    direct: Float32[np.ndarray, "p 3"]
    bounced: Float32[np.ndarray, "p 3"]
    mirrored: Float32[np.ndarray, "p 3"]
    unfiltered: Float32[np.ndarray, "p 3"]
    num_direct: Float32[np.ndarray, " p"]
    num_bounced: Float32[np.ndarray, " p"]
    surfaces: list[Surfaces]

    @classmethod
    def blank(cls, height: int, width: int) -> Self:
        """A film that has seen nothing."""
        num = height * width
        numbers = ("depth_m", "num_direct", "num_bounced")
        vectors = ("positions_m", "normals", "direct", "bounced", "mirrored", "unfiltered")
        arrays = {name: np.zeros(num, np.float32) for name in numbers}
        arrays |= {name: np.zeros((num, 3), np.float32) for name in vectors}
        return cls(height=height, width=width, surfaces=[], **arrays)

    def owners(self, points: Points) -> Int64[np.ndarray, " n"]:
        """The pixel whose middle lies on the surface of each point; -1 where none is near."""
        return np.asarray(
            kernels.owners(points, self.positions_m, self.normals, self.depth_m, self.width)
        )

    def develop(self) -> Float32[np.ndarray, "h w 3"]:
        """The picture: light without noise, times albedo, and the light that needs neither."""
        direct = self.direct / np.maximum(self.num_direct, 1)[:, None]
        irradiance = self._denoise(direct, DIRECT_SHARPNESS)
        irradiance += self._denoise(self._fill_gaps(), BOUNCED_SHARPNESS)
        for pixel, owner, albedo in self.surfaces:
            kernels.add_lit(self.unfiltered, pixel, owner, albedo, irradiance)
        if self.mirrored.any():
            self.unfiltered += self._denoise(self.mirrored, MIRRORED_SHARPNESS)
        picture = self.unfiltered / np.float32(len(self.surfaces))
        return np.asarray(picture.reshape(self.height, self.width, 3))

    def _denoise(
        self, light: Float32[np.ndarray, "p 3"], sharpness: tuple[float, ...]
    ) -> Float32[np.ndarray, "p 3"]:
        shape = (self.height, self.width, 3)
        guides = (self.normals.reshape(shape), self.positions_m.reshape(shape))
        depth_m = self.depth_m.reshape(shape[:2])
        return denoise(light.reshape(shape), *guides, depth_m, sharpness).reshape(-1, 3)

    def _fill_gaps(self) -> Float32[np.ndarray, "p 3"]:
        """Mean bounced light; of neighbours where a pixel has no path."""
        missing = self.num_bounced == 0
        mean = self.bounced / np.maximum(self.num_bounced, 1)[:, None]
        if missing.any():
            shape = (self.height, self.width)
            sums = cv2.blur(mean.reshape(*shape, 3), NEIGHBOURHOOD).reshape(-1, 3)
            shares = cv2.blur((~missing).astype(np.float32).reshape(shape), NEIGHBOURHOOD)
            share = np.maximum(shares.reshape(-1, 1), np.float32(1e-6))
            mean[missing] = (sums / share)[missing]
        return np.asarray(mean)
