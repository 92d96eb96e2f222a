"""Pinhole cameras in pixels.

Pixel centres have integer coordinates: the first column is 0, the image's left edge is at -0.5.
"""

import math
from dataclasses import dataclass, replace
from typing import Self

from depth_unet.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Intrinsics:
    """A pinhole camera without distortion, for an image of one size.

    Attributes:
        width: Columns, pixels.
        height: Rows, pixels.
        fx_px: Horizontal focal length, pixels of this image.
        fy_px: Vertical focal length, pixels of this image.
        cx_px: Column of the optical axis.
        cy_px: Row of the optical axis.
    """

    width: int
    height: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1:
            raise DataError(
                f"the camera's image is {self.width}x{self.height} pixels; both must be at least "
                "1; correct the intrinsics"
            )
        values = self.values_px
        if not all(math.isfinite(value) for value in values) or min(values[:2]) <= 0:
            raise DataError(
                f"the camera has fx, fy, cx, cy = {values}; all must be finite and the focal "
                "lengths positive; correct the intrinsics"
            )

    @property
    def values_px(self) -> tuple[float, float, float, float]:
        """fx, fy, cx, cy, in the order of files and tensors."""
        return self.fx_px, self.fy_px, self.cx_px, self.cy_px

    @classmethod
    def from_values(
        cls, width: int, height: int, values_px: tuple[float, float, float, float]
    ) -> Self:
        """A camera with these ``values_px``."""
        fx_px, fy_px, cx_px, cy_px = values_px
        return cls(width=width, height=height, fx_px=fx_px, fy_px=fy_px, cx_px=cx_px, cy_px=cy_px)

    @classmethod
    def centred(cls, width: int, height: int, focal_px: float) -> Self:
        """A camera with square pixels whose axis meets the centre of the image."""
        return cls(
            width=width,
            height=height,
            fx_px=focal_px,
            fy_px=focal_px,
            cx_px=(width - 1) / 2,
            cy_px=(height - 1) / 2,
        )

    @classmethod
    def from_fov(cls, width: int, height: int, fov_deg: float) -> Self:
        """As ``centred``, by the field of view across the longer side, in degrees.

        Example:
            >>> round(Intrinsics.from_fov(640, 480, 90).fx_px, 6)
            320.0
        """
        half = math.tan(math.radians(fov_deg) / 2)
        return cls.centred(width, height, max(width, height) / (2 * half))

    @classmethod
    def assumed(cls, width: int, height: int, canonical_focal: float) -> Self:
        """The training camera, for photos of an unknown camera.

        Args:
            width: Columns, pixels.
            height: Rows, pixels.
            canonical_focal: Focal length as a multiple of the longer side: a portrait photo is a
                rotated landscape photo of the same camera.
        """
        return cls.centred(width, height, canonical_focal * max(width, height))

    def resized(self, width: int, height: int) -> Self:
        """The camera of the same image at another size."""
        scale_x, scale_y = width / self.width, height / self.height
        return type(self)(
            width=width,
            height=height,
            fx_px=self.fx_px * scale_x,
            fy_px=self.fy_px * scale_y,
            cx_px=(self.cx_px + 0.5) * scale_x - 0.5,
            cy_px=(self.cy_px + 0.5) * scale_y - 0.5,
        )

    def cropped(self, left: int, top: int, width: int, height: int) -> Self:
        """The camera of a crop that starts at column ``left`` and row ``top``."""
        cx_px, cy_px = self.cx_px - left, self.cy_px - top
        return replace(self, width=width, height=height, cx_px=cx_px, cy_px=cy_px)

    def flipped(self) -> Self:
        """The camera of the mirror image (left and right exchanged)."""
        return replace(self, cx_px=self.width - 1 - self.cx_px)
