"""Walls, each with its own coordinates: x along the wall, y into the room, z up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float32

from depth_unet.rooms.mesh import Material, Mesh, box, quad, rotation
from depth_unet.rooms.scene import Light

Rectangle = tuple[float, float, float, float]
"""x0, y0, x1, y1 on the floor, metres."""
OVERLAP_M = 0.03
"""Surfaces of the shell overlap by this much, so that no ray slips between them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wall:
    """One wall; seen from the room, x runs from right to left.

    ``matrix`` transforms the wall's coordinates to the room's.
    """

    index: int
    length_m: float
    height_m: float
    matrix: Float32[np.ndarray, "4 4"]

    def to_room(self, point_m: Sequence[float]) -> Float32[np.ndarray, "3"]:
        """A point of the wall's coordinates in the room's."""
        point = np.asarray(point_m, np.float32)
        moved: np.ndarray = (self.matrix[:3, :3] @ point + self.matrix[:3, 3]).astype(np.float32)
        return moved

    def from_room(self, points_m: np.ndarray) -> np.ndarray:
        """Points (n, 3) of the room's coordinates in the wall's."""
        inverse = np.linalg.inv(self.matrix)
        return np.asarray(points_m @ inverse[:3, :3].T + inverse[:3, 3])

    def floor_box(self, left_m: float, right_m: float, near_m: float, far_m: float) -> Rectangle:
        """The rectangle of floor between two places along the wall and two distances from it."""
        ends = np.stack([self.to_room((left_m, near_m, 0)), self.to_room((right_m, far_m, 0))])
        low, high = ends.min(0), ends.max(0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An occupied part of a wall.

    Attributes:
        wall: Index of the wall.
        left_m: Start along the wall.
        right_m: End along the wall.
        bottom_m: Lowest height.
        top_m: Greatest height.
        reach_m: Distance from the wall that must stay free in front of it.
    """

    wall: int
    left_m: float
    right_m: float
    bottom_m: float
    top_m: float
    reach_m: float = 0.0

    def grow(self, margin_m: float) -> "Span":
        """The same span, larger on every side."""
        return replace(
            self,
            left_m=self.left_m - margin_m,
            right_m=self.right_m + margin_m,
            bottom_m=self.bottom_m - margin_m,
            top_m=self.top_m + margin_m,
        )

    def overlaps(self, other: "Span") -> bool:
        """Whether two parts of walls overlap."""
        return (
            self.wall == other.wall
            and self.left_m < other.right_m
            and self.right_m > other.left_m
            and self.bottom_m < other.top_m
            and self.top_m > other.bottom_m
        )


@dataclass(slots=True, eq=False)
class Parts:
    """Collects what a building step adds to the room."""

    meshes: list[Mesh] = field(default_factory=list)
    lights: list[Light] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    footprints_m: list[Rectangle] = field(default_factory=list)

    def add(self, other: "Parts") -> None:
        """Add everything of another step."""
        self.meshes += other.meshes
        self.lights += other.lights
        self.spans += other.spans
        self.footprints_m += other.footprints_m

    def put(self, wall: Wall, meshes: Iterable[Mesh], lights: Iterable[Light] = ()) -> None:
        """Add meshes and lights given in a wall's coordinates."""
        self.meshes += [mesh.transform(wall.matrix) for mesh in meshes]
        self.lights += [transform_light(light, wall.matrix) for light in lights]


def make_walls(size_m: tuple[float, float, float]) -> tuple[Wall, ...]:
    """The four walls of a room, counter-clockwise from above."""
    width_m, length_m, height_m = size_m
    corners = ((0.0, 0.0), (width_m, 0.0), (width_m, length_m), (0.0, length_m))
    return tuple(
        Wall(
            index=index,
            length_m=width_m if index % 2 == 0 else length_m,
            height_m=height_m,
            matrix=rotation(index * np.pi / 2, (*corner, 0.0)),
        )
        for index, corner in enumerate(corners)
    )


def transform_light(light: Light, matrix: Float32[np.ndarray, "4 4"]) -> Light:
    """The light, moved by a rigid transform."""
    rotation = matrix[:3, :3]
    return replace(
        light,
        corner_m=(rotation @ light.corner_m + matrix[:3, 3]).astype(np.float32),
        edge_u_m=(rotation @ light.edge_u_m).astype(np.float32),
        edge_v_m=(rotation @ light.edge_v_m).astype(np.float32),
    )


def panel(
    x_m: tuple[float, float],
    z_m: tuple[float, float],
    material: Material,
    *,
    depth_m: float = 0.0,
    texture_m: float = 1.0,
) -> Mesh:
    """A rectangle of a wall. Textures of adjacent rectangles join without a seam."""
    (x0, x1), (z0, z1) = x_m, z_m
    mesh = quad((x1, depth_m, z0), (x0 - x1, 0, 0), (0, 0, z1 - z0), material, texture_m)
    if material.stretch:
        return mesh
    uv = np.stack([-mesh.positions_m[..., 0], mesh.positions_m[..., 2]], axis=-1)
    return replace(mesh, uv=(uv / texture_m).astype(np.float32))


def panels_around(
    wall: Wall,
    holes: Sequence[Span],
    material: Material,
    *,
    top_m: float | None = None,
    depth_m: float = 0.0,
    texture_m: float = 1.0,
) -> list[Mesh]:
    """The surface of a wall without its openings, which must not overlap along the wall.

    It reaches up to ``top_m``, or slightly above the ceiling, ``depth_m`` in front of the wall.
    """
    ends = (-OVERLAP_M, wall.length_m + OVERLAP_M)
    top = wall.height_m + OVERLAP_M if top_m is None else top_m
    rectangles: list[tuple[float, float, float, float]] = []
    cursor = ends[0]
    for hole in sorted(holes, key=lambda span: span.left_m):
        rectangles += [
            (cursor, hole.left_m, -OVERLAP_M, top),
            (hole.left_m, hole.right_m, -OVERLAP_M, min(hole.bottom_m, top)),
            (hole.left_m, hole.right_m, hole.top_m, top),
        ]
        cursor = hole.right_m
    rectangles.append((cursor, ends[1], -OVERLAP_M, top))
    return [
        panel((x0, x1), (z0, z1), material, depth_m=depth_m, texture_m=texture_m)
        for x0, x1, z0, z1 in rectangles
        if x1 - x0 > 1e-3 and z1 - z0 > 1e-3
    ]


def frame_boxes(
    x_m: tuple[float, float],
    z_m: tuple[float, float],
    y_m: tuple[float, float],
    width_m: float,
    material: Material,
) -> list[Mesh]:
    """Two posts and a lintel around an opening, in a wall's coordinates."""
    (x0, x1), (z0, z1), (y0, y1) = x_m, z_m, y_m
    return [
        box((x0 - width_m, y0, z0), (x0, y1, z1 + width_m), material),
        box((x1, y0, z0), (x1 + width_m, y1, z1 + width_m), material),
        box((x0, y0, z1), (x1, y1, z1 + width_m), material),
    ]
