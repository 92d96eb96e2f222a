"""Triangle meshes over neighbouring pixels, cut at occlusion edges."""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from depth_unet.arrays import Bool, Float32, Float64, Int32
from depth_unet.outputs.cloud import has_point, scale_rays, stride_slices

MAX_VERTICES = 310_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """A surface of triangles.

    Attributes:
        vertices_m: x right, y down, z forward, metres; the camera is at the origin.
        faces: Indices of three vertices, anticlockwise as seen from the camera.
        uv: Position of each vertex in the photo, as shares of its width and height from the upper
            left corner; pixel centres lie half a pixel inside.
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
    """Join neighbouring pixels by triangles, except across occlusion edges.

    A triangle is dropped if its farthest corner is more than ``jump`` farther than its nearest
    and it would be seen at an angle below ``grazing_deg``. At an occlusion edge, depth jumps
    between two rays that almost coincide, so the triangle is almost parallel to them; a floor has
    depth steps too, but is seen at its own, larger angle. Rays δ apart may differ in depth by a
    factor of about exp(δ / tan(``grazing_deg``)), so the tolerance grows with the stride.

    Args:
        depth_m: Depth along the optical axis, metres.
        rays: x/z and y/z of every pixel's direction.
        max_vertices: Limit of vertices, at least 1. The mesh uses every s-th row and column with
            the smallest s that meets it.
        jump: Relative depth step that is never cut, at least 0. Predictions smear an edge over ten
            or more pixels, so that 0.05 cut few edges of NYU rooms.
        grazing_deg: Angle between ray and surface below which a step is an edge, degrees, above 0
            and below 90.

    Returns:
        The remaining triangles and their vertices, possibly none. Pixels whose depth is 0,
        negative or not finite, or whose ray is not finite, are holes.
    """
    height, width = depth_m.shape
    stride = grid_stride(height, width, max_vertices)
    pixels = stride_slices((height, width), stride)
    valid = has_point(depth_m[pixels], rays[pixels])
    depth_m = np.where(valid, depth_m[pixels], np.float32(0))
    points_m = scale_rays(depth_m, np.where(valid[..., None], rays[pixels], 0.0)).reshape(-1, 3)
    faces = _grid_faces(valid)
    faces = faces[~_crosses_edge(points_m, faces, jump, grazing_deg)]
    used = np.zeros(len(points_m), dtype=bool)
    used[faces] = True
    renumbered = np.cumsum(used, dtype=np.int32) - np.int32(1)
    rows, columns = np.mgrid[pixels[0].start : height : stride, pixels[1].start : width : stride]
    uv = np.stack(((columns + 0.5) / width, (rows + 0.5) / height), axis=-1).reshape(-1, 2)
    return Mesh(
        vertices_m=points_m[used].astype(np.float32),
        faces=renumbered[faces],
        uv=uv[used].astype(np.float32),
    )


def grid_stride(height: int, width: int, max_vertices: int) -> int:
    """The smallest s such that every s-th row and column are at most ``max_vertices`` pixels."""
    return next(
        stride
        for stride in itertools.count(1)
        if math.ceil(height / stride) * math.ceil(width / stride) <= max_vertices
    )


def _grid_faces(valid: Bool[np.ndarray, "h w"]) -> Int32[np.ndarray, "m 3"]:
    """Two triangles for every four neighbours; none with a corner in a hole."""
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
    """True where a triangle jumps in depth and is almost parallel to the rays."""
    depth_m = points_m[:, 2][faces]
    crosses: Bool[np.ndarray, " m"] = depth_m.max(axis=1) > (1 + jump) * depth_m.min(axis=1)
    # Few triangles of a room jump, so that the angle is computed for those only.
    first, second, third = (points_m[faces[crosses, corner]] for corner in range(3))
    normal = np.cross(second - first, third - first)
    middle = (first + second + third) / 3
    lengths = np.linalg.norm(normal, axis=1) * np.linalg.norm(middle, axis=1)
    sine = math.sin(math.radians(grazing_deg))
    crosses[crosses] = np.abs((normal * middle).sum(axis=1)) < sine * lengths
    return crosses
