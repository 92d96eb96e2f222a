"""Welds loose triangles to a surface, and computes normals that are smooth except at creases."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from depth_unet.rooms.render.vectors import compiled

SAME_M = 1e-5  # corners this near are one vertex
UV = Float64[np.ndarray, "t 3 2"]
"""Texture coordinates of the corners of triangles."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """Triangles that share vertices.

    Attributes:
        points_m: Positions of the vertices.
        triangles: Vertex numbers of the triangles, counter-clockwise.
        uv: Texture coordinates of the corners.
        part: Number of each triangle's material.
    """

    points_m: Float64[np.ndarray, "v 3"]
    triangles: Int64[np.ndarray, "t 3"]
    uv: UV
    part: Int64[np.ndarray, " t"]


def weld(
    positions_m: Float64[np.ndarray, "t 3 3"],
    uv: UV,
    part: Int64[np.ndarray, " t"],
) -> Surface:
    """Join corners at the same place; drop triangles without area and duplicates."""
    keys = np.round(positions_m.reshape(-1, 3) / SAME_M).astype(np.int64)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    triangles = inverse.reshape(-1, 3).astype(np.int64)
    _, kept = np.unique(np.sort(triangles, axis=1), axis=0, return_index=True)
    kept = np.sort(kept)
    a, b, c = triangles[kept].T
    kept = kept[(a != b) & (b != c) & (c != a)]
    return Surface(
        points_m=positions_m.reshape(-1, 3)[first].astype(np.float64),
        triangles=triangles[kept],
        uv=uv[kept].astype(np.float64),
        part=part[kept].astype(np.int64),
    )


def corner_normals(surface: Surface, crease_cosine: float = 0.75) -> Float64[np.ndarray, "t 3 3"]:
    """Normals of the corners: means over the faces around a vertex, except across creases."""
    points = surface.points_m[surface.triangles]
    faces = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    area = np.linalg.norm(faces, axis=1, keepdims=True)
    unit = np.where(area > 1e-18, faces / np.maximum(area, 1e-18), (0.0, 0.0, 1.0))
    heads = np.full(len(surface.points_m), -1)
    normals = _gather_normals(surface.triangles, faces, unit, heads, crease_cosine)
    length = np.linalg.norm(normals, axis=2, keepdims=True)
    smooth = normals / np.maximum(length, 1e-18)
    return np.asarray(np.where(length > 1e-15, smooth, unit[:, None]), np.float64)


@compiled
def _gather_normals(triangles, faces, unit, head, crease_cosine):  # type: ignore[no-untyped-def]
    normals, following = np.empty((len(triangles), 3, 3)), np.full(triangles.size, -1)
    for corner in range(triangles.size):
        vertex = triangles[corner // 3, corner % 3]
        following[corner], head[vertex] = head[vertex], corner
    for corner in range(triangles.size):
        face = corner // 3
        total, other = np.zeros(3), head[triangles[face, corner % 3]]
        while other >= 0:
            if (unit[face] * unit[other // 3]).sum() > crease_cosine:
                total += faces[other // 3]
            other = following[other]
        normals[face, corner % 3] = total
    return normals
