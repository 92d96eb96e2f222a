"""Coloured points in front of the camera, from depth and the rays of its pixels.

Axes are those of computer vision: x right, y down, z forward, metres, the camera at the origin.
"""

from dataclasses import dataclass

import numpy as np

from depth_unet.arrays import Bool, Float32, Float64, UInt8
from depth_unet.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCloud:
    """Points with the colours of the photo.

    Attributes:
        points_m: x right, y down, z forward, metres; the camera is at the origin.
        colours: RGB, 0 to 255.
    """

    points_m: Float32[np.ndarray, "n 3"]
    colours: UInt8[np.ndarray, "n 3"]


def unproject(
    depth_m: Float32[np.ndarray, "h w"],
    rays: Float64[np.ndarray, "h w 2"],
    image: UInt8[np.ndarray, "h w 3"],
    *,
    stride: int = 1,
) -> PointCloud:
    """Turn every pixel into a point: depth · (x/z, y/z, 1).

    Args:
        depth_m: Depth along the optical axis, metres.
        rays: x/z and y/z of every pixel's direction, see ``Calibration.rays``.
        image: The photo, RGB, 0 to 255.
        stride: Use every stride-th row and column, at least 1.

    Returns:
        One point per pixel, row by row. Pixels whose depth is 0, negative or not finite, or whose
        ray is not finite, are skipped.

    Raises:
        ConfigError: The stride is below 1.

    Example:
        >>> rays, photo = np.zeros((1, 1, 2)), np.zeros((1, 1, 3), np.uint8)
        >>> unproject(np.full((1, 1), 2.0, np.float32), rays, photo).points_m.tolist()
        [[0.0, 0.0, 2.0]]
    """
    if stride < 1:
        raise ConfigError(f"stride is {stride}; expected at least 1; use 1 for every pixel")
    pixels = stride_slices(depth_m.shape, stride)
    valid = has_point(depth_m[pixels], rays[pixels])
    points_m = scale_rays(depth_m[pixels][valid], rays[pixels][valid])
    return PointCloud(points_m=points_m.astype(np.float32), colours=image[pixels][valid])


def stride_slices(shape: tuple[int, ...], stride: int) -> tuple[slice, ...]:
    """Slices of every stride-th row and column, with equal margins at both edges."""
    return tuple(slice((size - 1) % stride // 2, None, stride) for size in shape)


def has_point(
    depth_m: Float32[np.ndarray, "*shape"], rays: Float64[np.ndarray, "*shape 2"]
) -> Bool[np.ndarray, "*shape"]:
    """True where depth is finite and above 0 and the ray is finite."""
    valid: Bool[np.ndarray, "*shape"] = (
        np.isfinite(depth_m) & (depth_m > 0) & np.isfinite(rays).all(axis=-1)
    )
    return valid


def scale_rays(
    depth_m: Float32[np.ndarray, "*shape"], rays: Float64[np.ndarray, "*shape 2"]
) -> Float64[np.ndarray, "*shape 3"]:
    """Points in metres: depth · (x/z, y/z, 1)."""
    z = depth_m.astype(np.float64)[..., None]
    return np.concatenate((rays * z, z), axis=-1)
