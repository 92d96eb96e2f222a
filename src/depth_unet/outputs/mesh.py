"""Triangles between neighbouring pixels, cut where one thing hides another."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32

from depth_unet.errors import ConfigError
from depth_unet.outputs.cloud import check_sizes, points_at, seen, taken_pixels

MAX_VERTICES = 310_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """A surface of triangles.

    Attributes:
        vertices_m: x right, y down, z forward, n 3, metres; the camera is at the origin.
        faces: Rows of three vertices, m 3, anticlockwise as the camera sees them.
        uv: Place of each vertex in the photo, n 2, as shares of its width and height from the
            upper left corner; pixel centres lie half a pixel inside.
    """

    vertices_m: Float32[np.ndarray, "n 3"]
    faces: Int32[np.ndarray, "m 3"]
    uv: Float32[np.ndarray, "n 2"]


def surface_mesh(
    depth_m: Float32[np.ndarray, "h w"],
    rays: Float64[np.ndarray, "h w 2"],
    *,
    max_vertices: int = MAX_VERTICES,
    jump: float = 0.015,
    grazing_deg: float = 8.0,
) -> Mesh:
    """Join neighbouring pixels by two triangles each, except across edges of things.

    A triangle is left out if both hold: its farthest corner is more than ``jump`` farther than
    its nearest, and the camera would see it at less than ``grazing_deg``. Across an edge, depth
    leaps between two rays that almost coincide, so the triangle lies almost along them; a floor
    has a step between its pixels too, but is seen at the angle that it has. The angle makes the
    step allowed grow with the distance between rays, hence with the stride: rays δ apart may
    differ in depth by a factor of about exp(δ / tan(``grazing_deg``)).

    Args:
        depth_m: Depth along the optical axis, h w, metres.
        rays: x/z and y/z of every pixel's direction, h w 2.
        max_vertices: The most vertices, at least 1. Every s-th row and column is taken, with the
            smallest s that keeps to it; depth is picked, never averaged.
        jump: Relative step in depth below which nothing is cut, at least 0. Predictions smear an
            edge over ten and more pixels: at 0.05, tried on rooms of NYU, few were cut.
        grazing_deg: Angle between ray and surface below which a step is an edge, degrees, above 0
            and below 90.

    Returns:
        The triangles left and their vertices alone. Pixels whose depth is 0, negative or not
        finite, or whose ray is not finite, are holes; without a triangle everything is empty.

    Raises:
        ConfigError: A number is out of its range.
        DataError: Depth and rays differ in size.
    """
    check_sizes(depth_m, rays)
    _check_settings(max_vertices, jump, grazing_deg)
    height, width = depth_m.shape
    stride = grid_stride(height, width, max_vertices)
    taken = taken_pixels((height, width), stride)
    valid = seen(depth_m[taken], rays[taken])
    depth_m = np.where(valid, depth_m[taken], np.float32(0))
    points_m = points_at(depth_m, np.where(valid[..., None], rays[taken], 0.0)).reshape(-1, 3)
    faces = _grid_faces(valid)
    faces = faces[~_crosses_edge(points_m, faces, jump, grazing_deg)]
    used = np.zeros(len(points_m), dtype=bool)
    used[faces] = True
    renumbered = np.cumsum(used, dtype=np.int32) - np.int32(1)
    rows, columns = np.mgrid[taken[0].start : height : stride, taken[1].start : width : stride]
    uv = np.stack(((columns + 0.5) / width, (rows + 0.5) / height), axis=-1).reshape(-1, 2)
    return Mesh(
        vertices_m=points_m[used].astype(np.float32),
        faces=renumbered[faces],
        uv=uv[used].astype(np.float32),
    )


def grid_stride(height: int, width: int, max_vertices: int) -> int:
    """The smallest step at which every s-th row and column are at most ``max_vertices`` pixels."""
    return next(
        stride
        for stride in itertools.count(1)
        if math.ceil(height / stride) * math.ceil(width / stride) <= max_vertices
    )


def _check_settings(max_vertices: int, jump: float, grazing_deg: float) -> None:
    if max_vertices < 1:
        raise ConfigError(f"max_vertices is {max_vertices}; expected at least 1; raise it")
    if not jump >= 0:
        raise ConfigError(f"jump is {jump}; expected a share of at least 0; take 0.05 for 5 %")
    if not 0 < grazing_deg < 90:
        raise ConfigError(f"grazing_deg is {grazing_deg}; expected above 0 and below 90; take 8")


def _grid_faces(valid: Bool[np.ndarray, "h w"]) -> Int32[np.ndarray, "m 3"]:
    """Two triangles for every four neighbours, without those that have a corner in a hole."""
    index = np.arange(valid.size, dtype=np.int32).reshape(valid.shape)
    upper_left, upper_right = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    lower_left, lower_right = index[1:, :-1].ravel(), index[1:, 1:].ravel()
    faces = np.concatenate(
        (
            np.stack((upper_left, lower_left, upper_right), axis=-1),
            np.stack((upper_right, lower_left, lower_right), axis=-1),
        )
    )
    return faces[valid.ravel()[faces].all(axis=1)]


def _crosses_edge(
    points_m: Float64[np.ndarray, "n 3"],
    faces: Int32[np.ndarray, "m 3"],
    jump: float,
    grazing_deg: float,
) -> Bool[np.ndarray, " m"]:
    """True where a triangle leaps in depth and lies almost along the rays."""
    depth_m = points_m[:, 2][faces]
    crosses: Bool[np.ndarray, " m"] = depth_m.max(axis=1) > (1 + jump) * depth_m.min(axis=1)
    # Angles only where they matter: in a room a few triangles in a hundred leap.
    first, second, third = (points_m[faces[crosses, corner]] for corner in range(3))
    normal = np.cross(second - first, third - first)
    middle = (first + second + third) / 3
    lengths = np.linalg.norm(normal, axis=1) * np.linalg.norm(middle, axis=1)
    sine = math.sin(math.radians(grazing_deg))
    crosses[crosses] = np.abs((normal * middle).sum(axis=1)) < sine * lengths
    return crosses
