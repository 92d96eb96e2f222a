"""The occupied floor and walls of a room while it is being furnished."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float32

from depth_unet.rooms.design.shell import Shell
from depth_unet.rooms.design.walls import Rectangle, Span, Wall
from depth_unet.rooms.furniture.piece import Piece
from depth_unet.rooms.mesh import Mesh

TOUCH_M = 0.005
"""Footprints may overlap by this much, so that pieces can stand side by side."""
DOOR_ZONE_M = 0.4
"""The floor in front of a low opening stays free if its ``reach_m`` is larger than this."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Placed:
    """A piece of furniture at its place in the room.

    Attributes:
        kind: desk, chair, ...
        piece: The piece, in its own coordinates.
        matrix: From the piece's coordinates to the room's.
        footprint_m: Its bounding rectangle on the floor, along the room's axes.
        wall: Index of the wall behind it, or None.
    """

    kind: str
    piece: Piece
    matrix: Float32[np.ndarray, "4 4"]
    footprint_m: Rectangle
    wall: int | None = None

    @cached_property
    def meshes(self) -> tuple[Mesh, ...]:
        """Its surfaces in the room."""
        return tuple(mesh.transform(self.matrix) for mesh in self.piece.meshes)

    @cached_property
    def triangles_m(self) -> Float32[np.ndarray, "t 3 3"]:
        """All its triangles in the room."""
        return np.concatenate([mesh.positions_m for mesh in self.meshes])


@dataclass(slots=True, eq=False)
class FloorPlan:
    """The occupied parts of a room.

    Attributes:
        size_m: Width, length and height of the room.
        walls: Its walls.
        spans: Parts of walls occupied by openings, furniture and pictures.
        blocked_m: Floor occupied by open doors.
        zones_m: Floor in front of doors, which stays free.
        placed: Furniture in the room.
    """

    size_m: tuple[float, float, float]
    walls: Sequence[Wall]
    spans: list[Span] = field(default_factory=list)
    blocked_m: list[Rectangle] = field(default_factory=list)
    zones_m: list[Rectangle] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)

    @property
    def footprints_m(self) -> list[Rectangle]:
        """All occupied rectangles of the floor."""
        return self.blocked_m + [placed.footprint_m for placed in self.placed]

    @property
    def covered_share(self) -> float:
        """Share of the floor that is occupied."""
        areas_m2 = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in self.footprints_m]
        return sum(areas_m2) / (self.size_m[0] * self.size_m[1])

    def fits(self, box_m: Rectangle, *, beneath: Sequence[Rectangle] = ()) -> bool:
        """Whether a rectangle lies inside the room, on free floor.

        It may overlap the footprints in ``beneath``.
        """
        inside = min(box_m[:2]) >= 0 and box_m[2] <= self.size_m[0] and box_m[3] <= self.size_m[1]
        if not inside:
            return False
        taken = [other for other in self.footprints_m if other not in beneath]
        return not any(overlap(box_m, other) for other in taken + self.zones_m)

    def wall_is_free(self, span: Span) -> bool:
        """Whether no door, window or picture blocks a piece in front of ``span``.

        Here, ``span.reach_m`` is the distance between the wall and the back of the piece.
        """
        return not any(
            span.overlaps(other) and span.reach_m < max(other.reach_m, 1e-6) for other in self.spans
        )


def make_plan(shell: Shell) -> FloorPlan:
    """The plan of an empty room."""
    zones_m = [
        shell.walls[span.wall].floor_box(span.left_m, span.right_m, 0, span.reach_m)
        for span in shell.taken
        if span.bottom_m < 0.3 and span.reach_m > DOOR_ZONE_M
    ]
    return FloorPlan(
        size_m=shell.size_m,
        walls=shell.walls,
        spans=list(shell.taken),
        blocked_m=list(shell.footprints_m),
        zones_m=zones_m,
    )


def overlap(box_m: Rectangle, other_m: Rectangle, slack_m: float = TOUCH_M) -> bool:
    """Whether two rectangles of floor overlap by more than ``slack_m``."""
    return (
        box_m[0] < other_m[2] - slack_m
        and box_m[2] > other_m[0] + slack_m
        and box_m[1] < other_m[3] - slack_m
        and box_m[3] > other_m[1] + slack_m
    )


def triangles_over(
    triangles_m: Float32[np.ndarray, "t 3 3"], box_m: Rectangle
) -> Float32[np.ndarray, "k 3 3"]:
    """The triangles whose bounding rectangle, seen from above, overlaps a rectangle."""
    low, high = triangles_m[..., :2].min(1), triangles_m[..., :2].max(1)
    return triangles_m[np.all((low < box_m[2:]) & (high > box_m[:2]), axis=1)]


def bounds_of(meshes: Iterable[Mesh]) -> tuple[Float32[np.ndarray, "3"], Float32[np.ndarray, "3"]]:
    """Lowest and highest x, y, z of meshes."""
    meshes = list(meshes)
    low = np.min([mesh.positions_m.min((0, 1)) for mesh in meshes], axis=0)
    high = np.max([mesh.positions_m.max((0, 1)) for mesh in meshes], axis=0)
    return low, high


def footprint_of(piece: Piece, matrix: Float32[np.ndarray, "4 4"]) -> Rectangle:
    """The bounding rectangle of a placed piece on the floor, along the room's axes."""
    low, high = bounds_of(piece.meshes)
    corners = np.array([[x, y, 0] for x in (low[0], high[0]) for y in (low[1], high[1])])
    turned_corners = corners @ matrix[:3, :3].T + matrix[:3, 3]
    (x0, y0, _), (x1, y1, _) = turned_corners.min(0), turned_corners.max(0)
    return float(x0), float(y0), float(x1), float(y1)
