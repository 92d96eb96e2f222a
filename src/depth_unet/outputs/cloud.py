"""Coloured points in front of the camera, from depth and the rays of its pixels.

Axes are those of computer vision: x right, y down, z forward, metres, the camera at the origin.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from depth_unet.arrays import Bool, Float32, Float64, UInt8
from depth_unet.config.checks import check_number, is_whole
from depth_unet.errors import ConfigError, DataError

EDGE_RANGE = "[0, 1000]"
EDGE_WINDOW = 0.028  # predictions smear an edge over about this share of the longer side
MAX_UNCERTAINTY = "(0, 100]"
NO_SPREAD = (
    "the network predicts no uncertainty to compare with depth; leave max_uncertainty out, or use "
    "weights that were trained with --model.spread"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCloud:
    """Points with the colours of the photo.

    Attributes:
        points_m: x right, y down, z forward, metres; the camera is at the origin.
        colours: RGB, 0 to 255.
        normals: Of the surface, unit length, towards the camera; None unless asked for.
        confidence: depth / (depth + half width of its 80 % interval), above 0, at most 1; None if
            the network predicts no spread.
    """

    points_m: Float32[np.ndarray, "n 3"]
    colours: UInt8[np.ndarray, "n 3"]
    normals: Float32[np.ndarray, "n 3"] | None = None
    confidence: Float32[np.ndarray, " n"] | None = None


def unproject(
    depth_m: Float32[np.ndarray, "h w"],
    rays: Float64[np.ndarray, "h w 2"],
    image: UInt8[np.ndarray, "h w 3"],
    *,
    stride: int = 1,
    uncertainty_m: Float32[np.ndarray, "h w"] | None = None,
    normals: bool = False,
) -> PointCloud:
    """Turn every pixel into a point: depth · (x/z, y/z, 1).

    Args:
        depth_m: Depth along the optical axis, metres.
        rays: x/z and y/z of every pixel's direction, see ``Calibration.rays``.
        image: The photo, RGB, 0 to 255.
        stride: Use every stride-th row and column, at least 1.
        uncertainty_m: Half the width of an 80 % interval of depth, metres; gives ``confidence``.
        normals: Also compute the normals, see ``surface_normals``.

    Returns:
        One point per pixel, row by row. Pixels whose depth is 0, negative or not finite, or whose
        ray is not finite, are skipped.

    Raises:
        ConfigError: The stride is below 1.
        TypeError: It is no whole number.

    Example:
        >>> rays, photo = np.zeros((1, 1, 2)), np.zeros((1, 1, 3), np.uint8)
        >>> unproject(np.full((1, 1), 2.0, np.float32), rays, photo).points_m.tolist()
        [[0.0, 0.0, 2.0]]
    """
    if not is_whole(stride):
        raise TypeError(f"stride is of type {type(stride).__name__}; expected a whole number")
    if stride < 1:
        raise ConfigError(f"stride is {stride}; expected at least 1; use 1 for every pixel")
    pixels = stride_slices(depth_m.shape, stride)
    valid = has_point(depth_m[pixels], rays[pixels])
    used_m = depth_m[pixels][valid]
    confidence = None if uncertainty_m is None else used_m / (used_m + uncertainty_m[pixels][valid])
    return PointCloud(
        points_m=scale_rays(used_m, rays[pixels][valid]).astype(np.float32),
        colours=image[pixels][valid],
        normals=surface_normals(depth_m, rays)[pixels][valid] if normals else None,
        confidence=confidence,
    )


def check_limits(edge: object, max_uncertainty: object = None) -> None:
    """Refuse limits that ``drop_edges`` and ``drop_uncertain`` do not take.

    Raises:
        ConfigError: A limit is out of range.
        TypeError: It is no number.
    """
    check_number("edge", edge, EDGE_RANGE)
    if max_uncertainty is not None:
        check_number("max_uncertainty", max_uncertainty, MAX_UNCERTAINTY)


def drop_uncertain(
    depth_m: Float32[np.ndarray, "h w"],
    uncertainty_m: Float32[np.ndarray, "h w"] | None,
    max_uncertainty: float | None,
) -> Float32[np.ndarray, "h w"]:
    """Depth with holes, 0, where it is too uncertain.

    Args:
        depth_m: Depth, metres.
        uncertainty_m: Half the width of an 80 % interval of depth, metres; None if the network
            predicts no spread.
        max_uncertainty: The largest share of depth that it may be, above 0 and at most 100. None
            keeps all.

    Raises:
        ConfigError: The share is out of range, or there is no uncertainty to compare it with.
        DataError: No pixel is left.
        TypeError: The share is no number.

    Example:
        >>> drop_uncertain(np.float32([[2, 2]]), np.float32([[0.2, 0.6]]), 0.2).tolist()
        [[2.0, 0.0]]
    """
    if max_uncertainty is None:
        return depth_m
    check_limits(0, max_uncertainty)
    if uncertainty_m is None:
        raise ConfigError(NO_SPREAD)
    kept_m = np.where(uncertainty_m > max_uncertainty * depth_m, np.float32(0), depth_m)
    if depth_m.any() and not kept_m.any():
        raise DataError(
            f"max_uncertainty {max_uncertainty:g} leaves no point, as the least uncertain one has "
            f"{np.min(uncertainty_m[depth_m > 0] / depth_m[depth_m > 0]):.3g}; raise it"
        )
    return kept_m


def drop_edges(depth_m: Float32[np.ndarray, "h w"], edge: float) -> Float32[np.ndarray, "h w"]:
    """Depth with holes, 0, where it jumps from one surface to another.

    A pixel is left out if the largest depth around it is more than ``1 + edge`` times the smallest.
    "Around" is a square of 3 % of the longer side, so that photos of one scene lose the same share
    at any size.

    Args:
        depth_m: Depth, metres, positive.
        edge: The relative jump. 0 keeps all.

    Raises:
        ConfigError: The jump is out of range.
        TypeError: It is no number.

    Example:
        >>> drop_edges(np.float32([[2, 2, 2, 3, 3]]), 0.2).tolist()
        [[2.0, 2.0, 0.0, 0.0, 3.0]]
    """
    check_limits(edge)
    if not edge:
        return depth_m
    side = 2 * max(1, round(EDGE_WINDOW * max(depth_m.shape) / 2)) + 1
    around = np.ones((side, side), np.uint8)
    jumps = cv2.dilate(depth_m, around) > (1 + edge) * cv2.erode(depth_m, around)
    return np.where(jumps, np.float32(0), depth_m)


def surface_normals(
    depth_m: Float32[np.ndarray, "h w"], rays: Float64[np.ndarray, "h w 2"]
) -> Float32[np.ndarray, "h w 3"]:
    """The normal of the surface at every pixel, from the points of its neighbours.

    It is the cross product of a step to the left or right and a step up or down. Of the two
    neighbours in each direction, the one that is closer in depth is used, so that no step crosses a
    depth jump that lies on one side. On a plane the result is exact, with lens distortion too.

    Args:
        depth_m: Depth along the optical axis, metres.
        rays: x/z and y/z of every pixel's direction.

    Returns:
        Vectors of unit length that point towards the camera. Pixels without two neighbours point
        back along their ray. Pixels without a point have NaN.
    """
    valid = has_point(depth_m, rays)
    points_m = np.where(valid[..., None], scale_rays(depth_m, rays), np.nan)
    back = -points_m
    back /= np.linalg.norm(back, axis=-1, keepdims=True)
    normals = np.cross(_step_to_neighbour(points_m, axis=1), _step_to_neighbour(points_m, axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    normals = np.where(np.isfinite(normals).all(axis=-1, keepdims=True), normals, back)
    normals *= np.where((normals * back).sum(axis=-1, keepdims=True) < 0, -1, 1)
    return normals.astype(np.float32)


def _step_to_neighbour(
    points_m: Float64[np.ndarray, "h w 3"], axis: int
) -> Float64[np.ndarray, "h w 3"]:
    """From the neighbour before, or to the one behind: the step that changes depth less."""
    steps = np.stack(
        (np.diff(points_m, axis=axis, prepend=np.nan), np.diff(points_m, axis=axis, append=np.nan))
    )
    changes_m = np.nan_to_num(np.abs(steps[..., 2]), nan=np.inf)
    step: Float64[np.ndarray, "h w 3"] = np.where((changes_m[0] < changes_m[1])[..., None], *steps)
    return step


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
