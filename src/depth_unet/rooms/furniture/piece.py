"""A piece of furniture, and the blocks and legs that most pieces consist of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from depth_unet.rooms.mesh import Material, Mesh, box, join_meshes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A piece of furniture: centred over the origin, standing at z = 0, front towards -y.

    Attributes:
        name: Its kind, or the name of the model.
        size_m: Width (x), depth (y) and height of its bounding box, metres.
        top_m: Height of a free level surface for small things, or None.
        meshes: Its surfaces.
    """

    name: str
    size_m: tuple[float, float, float]
    top_m: float | None
    meshes: tuple[Mesh, ...]


def assemble(name: str, meshes: Sequence[Mesh], top_m: float | None = None) -> Piece:
    """Centre meshes that stand at z = 0 and join them to a piece, one mesh per material."""
    points = np.concatenate([mesh.positions_m.reshape(-1, 3) for mesh in meshes])
    low, high = points.min(0), points.max(0)
    shift = np.array([*(low + high)[:2] / 2, 0], np.float32)
    groups: dict[int, list[Mesh]] = {}
    for mesh in meshes:
        centred = replace(mesh, positions_m=mesh.positions_m - shift, is_furniture=True)
        groups.setdefault(id(mesh.material), []).append(centred)
    width, depth, height = (float(side) for side in high - low)
    return Piece(
        name=name,
        size_m=(width, depth, height),
        top_m=top_m,
        meshes=tuple(join_meshes(group) for group in groups.values()),
    )


def block(
    centre_m: Sequence[float], size_m: Sequence[float], material: Material, texture_m: float = 0.6
) -> Mesh:
    """A box given by the centre of its underside and its width, depth and height."""
    (x, y, z), (width, depth, height) = centre_m, size_m
    low = (x - width / 2, y - depth / 2, z)
    return box(low, (x + width / 2, y + depth / 2, z + height), material, texture_m)


def legs(
    width_m: float, depth_m: float, height_m: float, thickness_m: float, material: Material
) -> list[Mesh]:
    """Four square legs in the corners of a rectangle around the origin."""
    x, y = (width_m - thickness_m) / 2, (depth_m - thickness_m) / 2
    size = (thickness_m, thickness_m, height_m)
    return [block((i * x, j * y, 0), size, material) for i in (-1, 1) for j in (-1, 1)]
