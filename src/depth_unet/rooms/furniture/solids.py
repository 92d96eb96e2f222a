"""Round and soft solids with smooth normals: cylinders, bowls, cushions, leaves."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from jaxtyping import Float64

from depth_unet.rooms.mesh import Material, Mesh, face_uv

TEXTURE_M = 0.6
"""Side of one repetition of a texture."""
Grid = Float64[np.ndarray, "rows columns 3"]
Grids = Float64[np.ndarray, "grids rows columns 3"]


def lathe(
    profile_m: Sequence[tuple[float, float]],
    material: Material,
    *,
    centre_m: Sequence[float] = (0.0, 0.0, 0.0),
    num_sides: int = 12,
    squash_y: float = 1.0,
) -> Mesh:
    """A solid of revolution about the vertical.

    Args:
        profile_m: (radius, height) from the bottom of the outside upwards; a profile that starts
            and ends at radius 0 is closed. Its corners stay sharp.
        material: Its material.
        centre_m: The axis at height 0.
        num_sides: Number of faces around the axis.
        squash_y: Scale along y, for oval bodies.
    """
    angles = np.linspace(0, 2 * np.pi, num_sides + 1)
    circle = np.stack([np.cos(angles), np.sin(angles) * squash_y], 1)
    outward = np.stack([np.cos(angles) * squash_y, np.sin(angles)], 1)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    profile = np.asarray(profile_m, np.float64)
    bands = np.stack([profile[:-1], profile[1:]], 1)  # band, end, (radius, height)
    slopes = np.stack([np.diff(profile[:, 1]), -np.diff(profile[:, 0])], 1)
    slopes /= np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-9)
    points = np.empty((len(bands), 2, num_sides + 1, 3))
    points[..., :2] = bands[:, :, None, :1] * circle
    points[..., 2] = bands[:, :, None, 1]
    normals = np.empty_like(points)
    normals[..., :2] = slopes[:, None, None, :1] * outward
    normals[..., 2] = slopes[:, None, None, 1]
    mesh = _mesh_from_grids(points + np.asarray(centre_m), normals, material)
    return replace(mesh, uv=face_uv(mesh.positions_m, mesh.normals) / np.float32(TEXTURE_M))


def round_profile(
    profile_m: Sequence[tuple[float, float]], num_times: int = 2
) -> list[tuple[float, float]]:
    """A profile with its corners cut (Chaikin, 1974); its two ends stay."""
    points = [np.asarray(point, np.float64) for point in profile_m]
    for _ in range(num_times):
        cut = [points[0]]
        for low, high in pairwise(points):
            cut += [0.75 * low + 0.25 * high, 0.25 * low + 0.75 * high]
        points = [*cut, points[-1]]
    return [(float(radius), float(height)) for radius, height in points]


def cylinder(
    centre_m: Sequence[float],
    radius_m: float,
    height_m: float,
    material: Material,
    num_sides: int = 12,
) -> Mesh:
    """A closed upright cylinder that stands on ``centre_m``."""
    profile = [(0.0, 0.0), (radius_m, 0.0), (radius_m, height_m), (0.0, height_m)]
    return lathe(profile, material, centre_m=centre_m, num_sides=num_sides)


def cushion(
    low_m: Sequence[float],
    high_m: Sequence[float],
    material: Material,
    *,
    hardness: float = 0.35,
    num_sides: int = 16,
) -> Mesh:
    """A soft body that fills a box: a superellipsoid.

    ``hardness`` 1 is an ellipsoid; towards 0 it becomes the box.
    """
    low, high = np.asarray(low_m, np.float64), np.asarray(high_m, np.float64)
    half = (high - low) / 2
    turn = np.linspace(-np.pi, np.pi, num_sides + 1)[None]
    rise = np.linspace(-np.pi / 2, np.pi / 2, num_sides // 2 + 1)[:, None]

    def power(values: Float64[np.ndarray, "..."], exponent: float) -> Float64[np.ndarray, "..."]:
        # cos(pi / 2) is 6e-17, whose 0.1th power is 0.02: a slit where the surface should close.
        values = np.where(np.abs(values) < 1e-12, 0.0, values)
        return np.asarray(np.sign(values) * np.abs(values) ** exponent)

    def sphere(exponent: float) -> Grid:
        ring = power(np.cos(rise), exponent)
        x, y = ring * power(np.cos(turn), exponent), ring * power(np.sin(turn), exponent)
        return np.stack([x, y, np.broadcast_to(power(np.sin(rise), exponent), x.shape)], -1)

    points = sphere(hardness) * half
    normals = sphere(2 - hardness) / half
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    mesh = _mesh_from_grids((points + (low + high) / 2)[None], normals[None], material)
    return replace(mesh, uv=face_uv(mesh.positions_m, mesh.normals) / np.float32(TEXTURE_M))


def leaf(
    base_m: Sequence[float], along_m: Sequence[float], width_m: float, material: Material
) -> Mesh:
    """A two-sided leaf that droops towards its tip, which is ``along_m`` from its base."""
    base, along = np.asarray(base_m, np.float64), np.asarray(along_m, np.float64)
    across = np.cross(along, (0, 0, 1.0))
    across *= width_m / 2 / max(float(np.linalg.norm(across)), 1e-9)
    droop = np.array([0, 0, 0.15 * np.linalg.norm(along)])
    left, right = base + along * 0.45 + across + droop, base + along * 0.45 - across + droop
    corners = np.array([[base, right, base + along], [base, base + along, left]])
    corners = np.concatenate([corners, corners[:, ::-1]])
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return Mesh(
        positions_m=corners.astype(np.float32),
        normals=np.repeat(normals[:, None], 3, 1).astype(np.float32),
        uv=(corners[..., :2] / 0.3).astype(np.float32),
        material=material,
    )


def _mesh_from_grids(points: Grids, normals: Grids, material: Material) -> Mesh:
    """Mesh of grids of points (rows upwards, columns leftwards); the caller sets the uv."""
    values = np.concatenate([points, normals], -1)
    corners = (values[:, :-1, :-1], values[:, :-1, 1:], values[:, 1:, 1:], values[:, 1:, :-1])
    quads = np.stack(corners, 3).reshape(-1, 4, 6)
    triangles = quads[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3, 6)
    first, second = (triangles[:, i, :3] - triangles[:, 0, :3] for i in (1, 2))
    # |a x b|^2 = |a|^2 |b|^2 - (a b)^2, without the cost of a cross product.
    square = (first**2).sum(1) * (second**2).sum(1) - (first * second).sum(1) ** 2
    triangles = triangles[square > 1e-20].astype(np.float32)
    return Mesh(
        positions_m=np.ascontiguousarray(triangles[..., :3]),
        normals=np.ascontiguousarray(triangles[..., 3:]),
        uv=np.zeros((len(triangles), 3, 2), np.float32),
        material=material,
    )
