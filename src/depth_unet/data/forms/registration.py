"""Depth of one camera, seen by another."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float64, UInt16

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import DataError
from depth_unet.images.millimetres import LARGEST_MM, MILLIMETRES_PER_METRE

NEAR_M, FAR_PX = 1e-6, 1e6  # points behind the camera, and far beside it, are not seen
HALVES = (-0.5, 0.5)  # from a pixel's centre to its edges
MOST_COVERED = 4  # pixels in each direction that one pixel of depth covers


@dataclass(frozen=True, slots=True)
class Pose:
    """A rigid motion of points: ``rotation @ point + translation_m``."""

    rotation: Float64[np.ndarray, "3 3"]
    translation_m: Float64[np.ndarray, " 3"]

    @classmethod
    def from_quaternion(cls, xyzw: tuple[float, ...], translation_m: tuple[float, ...]) -> Self:
        """The motion of a quaternion x, y, z, w of any length and a shift in metres.

        Raises:
            DataError: The quaternion has no length, or a number is not finite.
        """
        length = float(np.linalg.norm(xyzw))
        if not (0 < length < math.inf and np.isfinite(translation_m).all()):
            raise DataError(
                f"a transform has the quaternion {xyzw} and the shift {translation_m}; record "
                "transforms that are finite, and quaternions of length 1"
            )
        x, y, z, w = np.array(xyzw, np.float64) / length
        rotation = np.array(
            (
                (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
                (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
                (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
            )
        )
        return cls(rotation, np.array(translation_m, np.float64))

    def inverse(self) -> Self:
        """The motion back."""
        back = self.rotation.T
        return type(self)(back, -back @ self.translation_m)

    def after(self, first: "Pose") -> Self:
        """The motion ``first``, and then this one."""
        return type(self)(
            self.rotation @ first.rotation,
            self.rotation @ first.translation_m + self.translation_m,
        )


def camera_for_depth(depth: Intrinsics, photo: Intrinsics) -> Intrinsics:
    """The camera of the photos at the size at which their pixels are as large as those of depth."""
    scale = depth.fx_px / photo.fx_px
    return photo.resized(max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))


def register(
    depth_mm: UInt16[np.ndarray, "h w"], depth: Intrinsics, photo: Intrinsics, pose: Pose
) -> UInt16[np.ndarray, "height width"]:
    """Depth in the pixels of another camera.

    Every pixel of depth covers the pixels whose centres lie within the corners of its projected
    square, with the depth of its centre; of several, the nearest is seen.

    Args:
        depth_mm: Depth, millimetres; 0 is a hole.
        depth: The camera of depth.
        photo: The other camera.
        pose: Moves points from the coordinates of the first camera to those of the second.

    Returns:
        Depth along the axis of the other camera, millimetres; 0 where nothing was measured.
    """
    rows, columns = np.nonzero(depth_mm)
    z_m = depth_mm[rows, columns] / MILLIMETRES_PER_METRE
    centres = _unproject(rows, columns, z_m, depth)
    z_mm = np.rint((pose.rotation[2] @ centres + pose.translation_m[2]) * MILLIMETRES_PER_METRE)
    corners = [
        _project(_unproject(rows + down, columns + across, z_m, depth), photo, pose)
        for down in HALVES
        for across in HALVES
    ]
    top, left = np.min(corners, axis=0)  # a turned camera has other corners at the top and left
    bottom, right = np.max(corners, axis=0)
    seen = np.full((photo.height, photo.width), LARGEST_MM + 1, np.int64)
    for down in range(MOST_COVERED):
        for across in range(MOST_COVERED):
            row, column = top + down, left + across
            covers = (row < bottom) & (column < right)
            covers &= (row >= 0) & (row < photo.height) & (column >= 0) & (column < photo.width)
            covers &= (z_mm > 0) & (z_mm <= LARGEST_MM)
            np.minimum.at(seen, (row[covers], column[covers]), z_mm[covers].astype(np.int64))
    return np.where(seen <= LARGEST_MM, seen, 0).astype(np.uint16)


def _unproject(
    rows: np.ndarray, columns: np.ndarray, z_m: np.ndarray, camera: Intrinsics
) -> Float64[np.ndarray, "3 n"]:
    x_m = (columns - camera.cx_px) / camera.fx_px * z_m
    return np.stack((x_m, (rows - camera.cy_px) / camera.fy_px * z_m, z_m))


def _project(
    points: Float64[np.ndarray, "3 n"], camera: Intrinsics, pose: Pose
) -> tuple[np.ndarray, np.ndarray]:
    """First pixel (row, column) beyond each point in the other camera."""
    x_m, y_m, z_m = pose.rotation @ points + pose.translation_m[:, None]
    in_front_m = np.maximum(z_m, NEAR_M)
    column = np.ceil(camera.fx_px * x_m / in_front_m + camera.cx_px).clip(-FAR_PX, FAR_PX)
    row = np.ceil(camera.fy_px * y_m / in_front_m + camera.cy_px).clip(-FAR_PX, FAR_PX)
    return row.astype(np.int64), column.astype(np.int64)
