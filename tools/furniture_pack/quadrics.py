"""Quadric error metrics: symmetric 4 x 4 matrices that give the error of moving a vertex."""

import numpy as np
from jaxtyping import Float64, Int64

BORDER_WEIGHT = 100.0
MATERIAL_WEIGHT = 1.0


def edges_of(
    triangles: Int64[np.ndarray, "t 3"], part: Int64[np.ndarray, " t"]
) -> tuple[Int64[np.ndarray, "e 3"], Float64[np.ndarray, " e"]]:
    """Every edge with one of its triangles, and its border weight, 0 inside a surface."""
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    owner = np.tile(np.arange(len(triangles)), 3)
    ends.sort(axis=1)
    unique, first, inverse, count = np.unique(
        ends, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    inverse = inverse.reshape(-1)
    low, high = np.full(len(unique), part.max() + 1), np.full(len(unique), -1)
    np.minimum.at(low, inverse, part[owner])
    np.maximum.at(high, inverse, part[owner])
    weight = np.where(count == 1, BORDER_WEIGHT, np.where(low != high, MATERIAL_WEIGHT, 0.0))
    return np.column_stack([unique, owner[first]]), weight


def _plane_quadrics(
    normals: Float64[np.ndarray, "k 3"],
    points: Float64[np.ndarray, "k 3"],
    weight: Float64[np.ndarray, " k"],
) -> Float64[np.ndarray, "k 4 4"]:
    plane = np.column_stack([normals, -(normals * points).sum(1)])
    return np.asarray(plane[:, :, None] * plane[:, None] * weight[:, None, None])


def face_quadrics(
    points: Float64[np.ndarray, "v 3"], triangles: Int64[np.ndarray, "t 3"]
) -> Float64[np.ndarray, "v 4 4"]:
    """Quadric of every vertex: squared distances to the planes of its faces, by area."""
    corners = points[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normals, axis=1)
    normals /= np.maximum(area, 1e-18)[:, None]
    planes = _plane_quadrics(normals, corners[:, 0], area / 2)
    quadrics = np.zeros((len(points), 4, 4))
    for corner in range(3):
        np.add.at(quadrics, triangles[:, corner], planes)
    # A weak pull towards the vertex fixes directions that flat surroundings leave undetermined.
    pull = np.broadcast_to(np.eye(4), (len(points), 4, 4)).copy()
    pull[:, 3, :3] = pull[:, :3, 3] = -points
    pull[:, 3, 3] = (points**2).sum(1)
    weight = np.zeros(len(points))
    np.add.at(weight, triangles.ravel(), np.repeat(area, 3))
    return np.asarray(quadrics + pull * (1e-4 * weight)[:, None, None])


def add_border_planes(
    quadrics: Float64[np.ndarray, "v 4 4"],
    points: Float64[np.ndarray, "v 3"],
    triangles: Int64[np.ndarray, "t 3"],
    edges: Int64[np.ndarray, "e 3"],
    weight: Float64[np.ndarray, " e"],
) -> None:
    """Add planes perpendicular to the faces along open borders and borders of materials."""
    held = edges[weight > 0]
    corners = points[triangles[held[:, 2]]]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    along = points[held[:, 1]] - points[held[:, 0]]
    across = np.cross(along, faces)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-18)
    scale = weight[weight > 0] * (along**2).sum(1)
    planes = _plane_quadrics(across, points[held[:, 0]], scale)
    for end in range(2):
        np.add.at(quadrics, held[:, end], planes)
