"""Coloured points in front of the camera, from depth and the directions of its pixels.

Axes are those of computer vision: x right, y down, z forward, metres, the camera at the origin.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import ConfigError, DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCloud:
    """Points with the colours of the photo.

    Attributes:
        points_m: x right, y down, z forward, n 3, metres; the camera is at the origin.
        colours: RGB, n 3, 0 to 255.
    """

    points_m: Float32[np.ndarray, "n 3"]
    colours: UInt8[np.ndarray, "n 3"]


def unprojected(
    depth_m: Float32[np.ndarray, "h w"],
    rays: Float64[np.ndarray, "h w 2"],
    image: UInt8[np.ndarray, "h w 3"],
    *,
    stride: int = 1,
) -> PointCloud:
    """Put every pixel where it was seen: depth · (x/z, y/z, 1).

    Args:
        depth_m: Depth along the optical axis, h w, metres.
        rays: x/z and y/z of every pixel's direction, h w 2; any lens that ``z > 0`` describes.
        image: The photo, RGB, h w 3, 0 to 255.
        stride: Every how many rows and columns a pixel is taken, at least 1.

    Returns:
        One point per pixel taken, row by row, without those whose depth is 0, negative or not
        finite, or whose ray is not finite; of no such pixel, no points.

    Raises:
        ConfigError: The stride is below 1.
        DataError: Depth, rays and photo differ in size.

    Example:
        >>> rays = pinhole_rays(Intrinsics.centred(1, 1, 500.0))
        >>> photo = np.zeros((1, 1, 3), np.uint8)
        >>> unprojected(np.full((1, 1), 2.0, np.float32), rays, photo).points_m.tolist()
        [[0.0, 0.0, 2.0]]
    """
    check_sizes(depth_m, rays, image)
    if stride < 1:
        raise ConfigError(f"stride is {stride}; expected at least 1; take 1 for every pixel")
    taken = taken_pixels(depth_m.shape, stride)
    kept = seen(depth_m[taken], rays[taken])
    points_m = points_at(depth_m[taken][kept], rays[taken][kept])
    return PointCloud(points_m=points_m.astype(np.float32), colours=image[taken][kept])


def pinhole_rays(intrinsics: Intrinsics) -> Float64[np.ndarray, "h w 2"]:
    """x/z and y/z of the direction in which every pixel's centre looks.

    ((column - cx) / fx, (row - cy) / fy)

    Args:
        intrinsics: The camera of the image, in its pixels.
    """
    x = (np.arange(intrinsics.width) - intrinsics.cx_px) / intrinsics.fx_px
    y = (np.arange(intrinsics.height) - intrinsics.cy_px) / intrinsics.fy_px
    return np.stack(np.meshgrid(x, y), axis=-1)


def check_sizes(
    depth_m: Float32[np.ndarray, "..."],
    rays: Float64[np.ndarray, "..."],
    image: UInt8[np.ndarray, "..."] | None = None,
) -> None:
    """Refuse depth, rays and photo that do not belong to the same pixels.

    Raises:
        DataError: They differ in size.
    """
    others = {"rays": (rays, 2)} | ({} if image is None else {"photo": (image, 3)})
    for name, (values, depth_of_pixel) in others.items():
        expected = (*depth_m.shape, depth_of_pixel)
        if len(depth_m.shape) != 2 or values.shape != expected:
            raise DataError(
                f"{name} of shape {values.shape} for depth of shape {depth_m.shape}; expected "
                f"{expected} for depth of rows and columns; resize them to the same pixels"
            )


def taken_pixels(shape: tuple[int, ...], stride: int) -> tuple[slice, ...]:
    """Every ``stride``-th row and column; what is left over lies equally at both edges."""
    return tuple(slice((size - 1) % stride // 2, None, stride) for size in shape)


def seen(
    depth_m: Float32[np.ndarray, "*shape"], rays: Float64[np.ndarray, "*shape 2"]
) -> Bool[np.ndarray, "*shape"]:
    """True where depth is finite and above 0 and the ray is finite."""
    valid: Bool[np.ndarray, "*shape"] = (
        np.isfinite(depth_m) & (depth_m > 0) & np.isfinite(rays).all(axis=-1)
    )
    return valid


def points_at(
    depth_m: Float32[np.ndarray, "*shape"], rays: Float64[np.ndarray, "*shape 2"]
) -> Float64[np.ndarray, "*shape 3"]:
    """Points in metres: depth · (x/z, y/z, 1)."""
    z = depth_m.astype(np.float64)[..., None]
    return np.concatenate((rays * z, z), axis=-1)
