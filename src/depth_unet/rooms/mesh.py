"""Meshes: triangles with a material; scenes consist of them.

World axes: x and y along the floor, z up; metres. Textures repeat; u runs to the right of a
texture and v up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from jaxtyping import Float32, UInt8

Vector = tuple[float, float, float]
CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]])

# The faces of the unit cube: below, above, front, back, left, right. Each begins at a corner and
# runs along the texture's u and v; u x v points outwards.
FACE_CORNERS = np.array(
    [[0, 0, 0], [0, 0, 1], [0, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 0]], np.float32
)
FACE_U = np.array([[0, 1, 0], [1, 0, 0], [1, 0, 0], [-1, 0, 0], [0, -1, 0], [0, 1, 0]], np.float32)
FACE_V = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 1]], np.float32)
FACE_NORMALS = np.repeat(np.cross(FACE_U, FACE_V), 6, axis=0).reshape(12, 3, 3)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """How a surface reflects light.

    Attributes:
        albedo: Diffuse reflectance of red, green and blue, linear, 0 to 1; multiplies the texture.
        texture: sRGB picture, or None for a plain surface.
        gloss: Share of light that is reflected at normal incidence, 0 to 1.
        stretch: Whether a quad shows the whole texture once instead of repeating it.
    """

    albedo: Vector = (1.0, 1.0, 1.0)
    texture: UInt8[np.ndarray, "k k 3"] | None = None
    gloss: float = 0.0
    stretch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """Triangles of one material.

    Attributes:
        positions_m: Corners, metres; counter-clockwise seen from outside.
        normals: Unit normals of the corners.
        uv: Texture coordinates of the corners.
        material: Their material.
        is_furniture: True for furniture, False for the room itself.
    """

    positions_m: Float32[np.ndarray, "t 3 3"]
    normals: Float32[np.ndarray, "t 3 3"]
    uv: Float32[np.ndarray, "t 3 2"]
    material: Material
    is_furniture: bool = False

    def transform(self, matrix: Float32[np.ndarray, "4 4"]) -> Self:
        """The mesh after a rigid motion (rotation and translation, no scale)."""
        rotation, shift_m = matrix[:3, :3], matrix[:3, 3]
        return replace(
            self,
            positions_m=(self.positions_m @ rotation.T + shift_m).astype(np.float32),
            normals=(self.normals @ rotation.T).astype(np.float32),
        )


def quad(
    corner_m: Sequence[float],
    edge_u_m: Sequence[float],
    edge_v_m: Sequence[float],
    material: Material,
    texture_m: float = 1.0,
) -> Mesh:
    """A parallelogram; its normal is edge_u x edge_v, its texture runs along the edges.

    ``texture_m`` is the side of one repetition of the texture.
    """
    corner, u, v = (np.asarray(x, np.float32) for x in (corner_m, edge_u_m, edge_v_m))
    normal = np.cross(u, v)
    normal /= np.linalg.norm(normal)
    points = corner + CORNERS[:, :1] * u + CORNERS[:, 1:] * v
    repeats = np.array([np.linalg.norm(u), np.linalg.norm(v)], np.float32) / texture_m
    uv = CORNERS if material.stretch else CORNERS * repeats
    return Mesh(
        positions_m=points[TRIANGLES].astype(np.float32),
        normals=np.broadcast_to(normal, (2, 3, 3)).astype(np.float32),
        uv=uv[TRIANGLES].astype(np.float32),
        material=material,
    )


def box(
    low_m: Sequence[float], high_m: Sequence[float], material: Material, texture_m: float = 0.6
) -> Mesh:
    """An axis-aligned box, normals outwards."""
    low = np.asarray(low_m, np.float32)
    size = np.asarray(high_m, np.float32) - low
    corner, u, v = low + FACE_CORNERS * size, FACE_U * size, FACE_V * size
    points = corner[:, None] + CORNERS[None, :, :1] * u[:, None] + CORNERS[None, :, 1:] * v[:, None]
    repeats = np.stack((np.abs(u).sum(axis=1), np.abs(v).sum(axis=1)), axis=1) / texture_m
    uv = np.broadcast_to(CORNERS, (6, 4, 2)) if material.stretch else CORNERS * repeats[:, None]
    return Mesh(
        positions_m=points[:, TRIANGLES].reshape(-1, 3, 3).astype(np.float32),
        normals=FACE_NORMALS,
        uv=uv[:, TRIANGLES].reshape(-1, 3, 2).astype(np.float32),
        material=material,
    )


def strip(
    lower: np.ndarray, upper: np.ndarray, *, leftwards: bool = False
) -> Float32[np.ndarray, "t 3 k"]:
    """Triangles between two rows of points, for positions, normals or texture coordinates.

    They are counter-clockwise if the rows run to the right or, with ``leftwards``, to the left.
    """
    near, far = slice(None, -1), slice(1, None)
    if leftwards:
        near, far = far, near
    first = np.stack([lower[near], lower[far], upper[far]], axis=1)
    second = np.stack([lower[near], upper[far], upper[near]], axis=1)
    return np.concatenate([first, second]).astype(np.float32)


def face_uv(
    positions_m: Float32[np.ndarray, "t 3 3"], normals: Float32[np.ndarray, "t 3 3"]
) -> Float32[np.ndarray, "t 3 2"]:
    """Texture coordinates in metres along the two axes that each triangle faces least."""
    axis = np.abs(normals.mean(1)).argmax(1)
    shown = np.array([[1, 2], [0, 2], [0, 1]])[axis]
    return np.take_along_axis(positions_m, shown[:, None], 2)


def join_meshes(meshes: Sequence[Mesh]) -> Mesh:
    """Join meshes into one, with the material of the first."""
    return replace(
        meshes[0],
        positions_m=np.concatenate([mesh.positions_m for mesh in meshes]),
        normals=np.concatenate([mesh.normals for mesh in meshes]),
        uv=np.concatenate([mesh.uv for mesh in meshes]),
    )


def rotation(angle_rad: float, shift_m: Sequence[float] = (0, 0, 0)) -> Float32[np.ndarray, "4 4"]:
    """Rotation about the vertical, counter-clockwise from above, then a shift."""
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    matrix = np.eye(4, dtype=np.float32)
    matrix[:2, :2] = [[cosine, -sine], [sine, cosine]]
    matrix[:3, 3] = shift_m
    return matrix
