"""The film sums the light of one view, denoises it and makes the picture.

Irradiance is stored for the surface at the pixel centre, so that the denoiser never sees a mixture
of surfaces. At the edge of an object, a path beside the centre may hit another surface. Its albedo
is then multiplied by the irradiance of the owner: a neighbouring pixel whose centre lies on that
surface. This keeps edges smooth.
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
Vectors = Float32[np.ndarray, "p 3"]


class SampleSurfaces(NamedTuple):
    """The surfaces that one sample hit: pixel, owner pixel or -1, albedo."""

    pixel: Int64[np.ndarray, " n"]
    owner: Int64[np.ndarray, " n"]
    albedo: Float32[np.ndarray, "n 3"]


@dataclass(slots=True, kw_only=True, eq=False)
class Film:
    """Sums over the paths of every pixel, row by row.

    Attributes:
        height: Rows.
        width: Columns.
        depth_m: Depth at the pixel centres.
        positions_m: Surface points at the pixel centres, in the room.
        normals: Surface normals there; 0 without a surface.
        direct: Irradiance over pi from lights.
        bounced: Irradiance over pi from other surfaces.
        mirrored: Radiance.
        unfiltered: Radiance that is not denoised: of lights, and of surfaces without an owner.
        num_direct: Paths in ``direct``.
        num_bounced: Paths in ``bounced``.
        surfaces: The surfaces that the paths hit, by sample.
    """

    height: int
    width: int
    depth_m: Float32[np.ndarray, " p"]
    positions_m: Vectors
    normals: Vectors
    direct: Vectors
    bounced: Vectors
    mirrored: Vectors
    unfiltered: Vectors
    num_direct: Float32[np.ndarray, " p"]
    num_bounced: Float32[np.ndarray, " p"]
    surfaces: list[SampleSurfaces]

    @classmethod
    def blank(cls, height: int, width: int) -> Self:
        """An empty film."""
        num = height * width
        numbers = ("depth_m", "num_direct", "num_bounced")
        vectors = ("positions_m", "normals", "direct", "bounced", "mirrored", "unfiltered")
        arrays = {name: np.zeros(num, np.float32) for name in numbers}
        arrays |= {name: np.zeros((num, 3), np.float32) for name in vectors}
        return cls(height=height, width=width, surfaces=[], **arrays)

    def owners(self, points: Points) -> Int64[np.ndarray, " n"]:
        """The pixel whose centre lies on the surface of each point; -1 if none is near."""
        return np.asarray(
            kernels.owners(points, self.positions_m, self.normals, self.depth_m, self.width)
        )

    def develop(self) -> Float32[np.ndarray, "h w 3"]:
        """The picture: denoised light times albedo, plus the unfiltered light."""
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
        """Mean bounced light; pixels without a path get the mean of their neighbours."""
        missing = self.num_bounced == 0
        mean = self.bounced / np.maximum(self.num_bounced, 1)[:, None]
        if missing.any():
            shape = (self.height, self.width)
            sums = cv2.blur(mean.reshape(*shape, 3), NEIGHBOURHOOD).reshape(-1, 3)
            shares = cv2.blur((~missing).astype(np.float32).reshape(shape), NEIGHBOURHOOD)
            share = np.maximum(shares.reshape(-1, 1), np.float32(1e-6))
            mean[missing] = (sums / share)[missing]
        return np.asarray(mean)
