"""Converts a scene to plain arrays for the ray caster and the compiled kernels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, Int32, UInt8

from depth_unet.rooms.mesh import Mesh
from depth_unet.rooms.scene import Scene

FINEST_TEXELS = 256  # Side of the finest level of a texture; every level halves it.
LEVEL_TEXELS = tuple(FINEST_TEXELS >> level for level in range(7))
TEXTURE_TEXELS = sum(side * side for side in LEVEL_TEXELS)
MAX_ALBEDO = 0.92  # Fresh snow. With higher values light would bounce almost endlessly.
SRGB_TO_LINEAR = ((np.arange(256) / 255) ** 2.2).astype(np.float32)


class Surfaces(NamedTuple):
    """Triangles and their materials.

    Attributes:
        normals: Normals of the corners, float32 (t, 3, 3).
        uv: Texture coordinates of the corners, float32 (t, 3, 2).
        texels_per_m: Texels of the finest level per metre, float32 (t,).
        material: Row of the tables below, int32 (t,).
        albedo: Float32 (m, 3).
        texture: Number of the texture, -1 for none, int32 (m,).
        gloss: Float32 (m,).
        texels: All levels of all textures, concatenated, sRGB uint8 (e, 3).
    """

    normals: Any
    uv: Any
    texels_per_m: Any
    material: Any
    albedo: Any
    texture: Any
    gloss: Any
    texels: Any


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SceneArrays:
    """All meshes of a scene, concatenated.

    Attributes:
        positions_m: Corners of the triangles, metres.
        surfaces: Normals and materials of the triangles.
        is_furniture: Which triangles are furniture.
    """

    positions_m: Float32[np.ndarray, "t 3 3"]
    surfaces: Surfaces
    is_furniture: np.ndarray


def flatten(scene: Scene) -> SceneArrays:
    """Concatenate the meshes of ``scene``; textures become pyramids of halving size."""
    meshes = scene.meshes
    positions_m = np.concatenate([mesh.positions_m for mesh in meshes])
    uv = np.concatenate([mesh.uv for mesh in meshes])
    texture, texels = _build_atlas(meshes)
    lengths = [len(mesh.positions_m) for mesh in meshes]
    albedo = np.array([mesh.material.albedo for mesh in meshes], np.float32).reshape(-1, 3)
    surfaces = Surfaces(
        normals=np.ascontiguousarray(
            np.concatenate([mesh.normals for mesh in meshes]), dtype=np.float32
        ),
        uv=np.ascontiguousarray(uv, dtype=np.float32),
        texels_per_m=_texel_density(positions_m, uv),
        material=np.repeat(np.arange(len(meshes), dtype=np.int32), lengths),
        albedo=albedo,
        texture=texture,
        gloss=np.array([mesh.material.gloss for mesh in meshes], np.float32),
        texels=texels,
    )
    furniture = np.repeat(np.array([mesh.is_furniture for mesh in meshes]), lengths)
    return SceneArrays(
        positions_m=np.ascontiguousarray(positions_m, dtype=np.float32),
        surfaces=surfaces,
        is_furniture=furniture,
    )


def _build_atlas(
    meshes: Sequence[Mesh],
) -> tuple[Int32[np.ndarray, " m"], UInt8[np.ndarray, "e 3"]]:
    numbers = dict[int, int]()
    pyramids = list[UInt8[np.ndarray, "e 3"]]()
    texture = np.full(len(meshes), -1, np.int32)
    for row, mesh in enumerate(meshes):
        image = mesh.material.texture
        if image is None:
            continue
        if id(image) not in numbers:
            numbers[id(image)] = len(pyramids)
            pyramids.append(_pyramid(image))
        texture[row] = numbers[id(image)]
    return texture, np.concatenate(pyramids or [np.zeros((1, 3), np.uint8)])


def _pyramid(image: UInt8[np.ndarray, "k k 3"]) -> UInt8[np.ndarray, "e 3"]:
    levels = list[np.ndarray]()
    level = image
    for side in LEVEL_TEXELS:
        if level.shape[:2] != (side, side):
            level = np.asarray(cv2.resize(level, (side, side), interpolation=cv2.INTER_AREA))
        levels.append(level.reshape(-1, 3))
    return np.concatenate(levels)


def _texel_density(
    positions_m: Float32[np.ndarray, "t 3 3"], uv: Float32[np.ndarray, "t 3 2"]
) -> Float32[np.ndarray, " t"]:
    edges = positions_m[:, 1:] - positions_m[:, :1]
    area = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    uv_edges = uv[:, 1:] - uv[:, :1]
    uv_area = np.abs(uv_edges[:, 0, 0] * uv_edges[:, 1, 1] - uv_edges[:, 0, 1] * uv_edges[:, 1, 0])
    return np.asarray(np.sqrt(uv_area / np.maximum(area, 1e-12)) * FINEST_TEXELS, dtype=np.float32)
