"""Places one piece: against a wall, at a point, in front of or beside another piece."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float32
from numpy.random import Generator

from depth_unet.rooms.design.floorplan import (
    FloorPlan,
    Placed,
    bounds_of,
    footprint_of,
    triangles_over,
)
from depth_unet.rooms.design.walls import Rectangle, Span
from depth_unet.rooms.furniture.piece import Piece
from depth_unet.rooms.mesh import rotation

TRIES = 16
JITTER_RAD = 0.025


def place_against_wall(
    plan: FloorPlan,
    kind: str,
    piece: Piece,
    rng: Generator,
    *,
    wall: int | None = None,
    centre_m: float | None = None,
    straight: bool = False,
) -> Placed | None:
    """Place a piece with its back to a wall and add it to the plan; None if there is no space.

    Args:
        plan: The plan of the room.
        kind: Name of the kind.
        piece: The piece.
        rng: Draws the position.
        wall: Index of the wall; any if None.
        centre_m: Position along the wall; any if None.
        straight: Place it exactly parallel to the wall, with a gap of 4 mm.
    """
    low, high = bounds_of(piece.meshes)
    width_m = float(high[0] - low[0])
    for _ in range(TRIES if centre_m is None or wall is None else 1):
        side = plan.walls[int(rng.integers(len(plan.walls))) if wall is None else wall]
        slack_m = side.length_m - width_m - 0.04
        jitter = 0.0 if straight else float(rng.normal(0, JITTER_RAD))
        gap_m = 0.004 if straight else _gap_m(rng)
        place = rng.random()
        if slack_m < 0:
            continue
        # Half of the pieces stand in a corner.
        end = 0.0 if place < 0.25 else 1.0 if place > 0.75 else 2 * place - 0.5
        along_m = width_m / 2 + 0.02 + end * slack_m if centre_m is None else centre_m
        matrix = _matrix_at_wall(low, high, along_m, gap_m, jitter)
        span = Span(
            wall=side.index,
            left_m=along_m - width_m / 2,
            right_m=along_m + width_m / 2,
            bottom_m=0.0,
            top_m=float(high[2]),
            reach_m=gap_m,
        )
        placed = _place_if_free(plan, kind, piece, side.matrix @ matrix, wall=side.index)
        if placed is not None and plan.wall_is_free(span):
            plan.placed.append(placed)
            plan.spans.append(replace(span, reach_m=0.0))
            return placed
    return None


def place_at(
    plan: FloorPlan, kind: str, piece: Piece, centre_m: Sequence[float], angle_rad: float
) -> Placed | None:
    """Place a piece at a point, rotated; None if the floor is occupied."""
    matrix = rotation(angle_rad, (centre_m[0], centre_m[1], 0.0))
    placed = _place_if_free(plan, kind, piece, matrix)
    if placed is not None:
        plan.placed.append(placed)
    return placed


def place_anywhere(
    plan: FloorPlan, kind: str, piece: Piece, rng: Generator, *, square: bool = False
) -> Placed | None:
    """Place a piece anywhere on the floor, parallel to the walls if ``square``."""
    for _ in range(TRIES):
        centre_m = rng.uniform(0.08, 0.92, 2) * plan.size_m[:2]
        angle = float(rng.uniform(0, 2 * np.pi))
        if square:
            angle = round(angle / (np.pi / 2)) * np.pi / 2 + float(rng.normal(0, JITTER_RAD))
        placed = place_at(plan, kind, piece, (float(centre_m[0]), float(centre_m[1])), angle)
        if placed is not None:
            return placed
    return None


def place_in_front(
    plan: FloorPlan, anchor: Placed, kind: str, piece: Piece, *, distance_m: float
) -> None:
    """Place a piece in front of another, facing it, with ``distance_m`` between their edges."""
    low, _ = bounds_of(piece.meshes)
    front_m = float(bounds_of(anchor.piece.meshes)[0][1])
    local = rotation(np.pi, (0.0, front_m - distance_m + float(low[1]), 0))
    placed = _place_if_free(plan, kind, piece, anchor.matrix @ local)
    if placed is not None:
        plan.placed.append(placed)


def place_beside(
    plan: FloorPlan, anchor: Placed, kind: str, piece: Piece, *, side: int, gap_m: float
) -> None:
    """Place a piece to the right (side 1) or left (-1) of another, with their backs aligned."""
    low, high = bounds_of(piece.meshes)
    anchor_low, anchor_high = bounds_of(anchor.piece.meshes)
    aside_m = anchor_high[0] + gap_m - low[0] if side > 0 else anchor_low[0] - gap_m - high[0]
    local = rotation(0.0, (float(aside_m), float(anchor_high[1] - high[1]), 0))
    placed = _place_if_free(plan, kind, piece, anchor.matrix @ local, wall=anchor.wall)
    if placed is not None and _reserve_wall(plan, placed):
        plan.placed.append(placed)


def place_chair(
    plan: FloorPlan,
    anchor: Placed,
    kind: str,
    chair: Piece,
    *,
    depth_m: float,
    side: int = 0,
    aside_m: float = 0.0,
    angle_rad: float = 0.0,
) -> Placed | None:
    """Place a chair at one side of a table, facing it, partly under the top if it fits.

    Args:
        plan: The plan of the room.
        anchor: The table or desk.
        kind: Name of the kind.
        chair: The chair.
        side: 0 for the table's front, then counter-clockwise.
        aside_m: Distance from the middle of that side, along it.
        depth_m: How far the front edge is under the top; negative: distance from the table.
        angle_rad: Additional rotation.
    """
    anchor_low, anchor_high = bounds_of(anchor.piece.meshes)
    middle = (anchor_low + anchor_high) / 2
    half = (anchor_high - anchor_low) / 2
    reach_m = float(half[1] if side % 2 == 0 else half[0])
    low, _ = bounds_of(chair.meshes)
    sideways = rotation(side * np.pi / 2, (float(middle[0]), float(middle[1]), 0))
    for under_m in (depth_m, min(depth_m, -0.02)):
        local = rotation(np.pi + angle_rad, (aside_m, -reach_m + under_m + float(low[1]), 0))
        matrix = anchor.matrix @ sideways @ local
        placed = _place_if_free(plan, kind, chair, matrix, beneath=(anchor.footprint_m,))
        if placed is not None and chair_fits(anchor, placed):
            plan.placed.append(placed)
            return placed
    return None


def chair_fits(table: Placed, chair: Placed) -> bool:
    """Whether a chair is lower than the parts of a table above it."""
    low = np.maximum(table.footprint_m[:2], chair.footprint_m[:2])
    high = np.minimum(table.footprint_m[2:], chair.footprint_m[2:])
    if np.any(low >= high):
        return True
    common = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    of_table = triangles_over(table.triangles_m, common)
    of_chair = triangles_over(chair.triangles_m, common)
    if len(of_table) == 0 or len(of_chair) == 0:
        return True
    return bool(of_table[..., 2].min() > of_chair[..., 2].max())


def _place_if_free(
    plan: FloorPlan,
    kind: str,
    piece: Piece,
    matrix: Float32[np.ndarray, "4 4"],
    *,
    wall: int | None = None,
    beneath: tuple[Rectangle, ...] = (),
) -> Placed | None:
    footprint_m = footprint_of(piece, matrix)
    if not plan.fits(footprint_m, beneath=beneath):
        return None
    return Placed(
        kind=kind, piece=piece, matrix=matrix.astype(np.float32), footprint_m=footprint_m, wall=wall
    )


def _reserve_wall(plan: FloorPlan, placed: Placed) -> bool:
    """Whether the wall behind a piece is free; if so, mark it as occupied."""
    if placed.wall is None:
        return True
    side = plan.walls[placed.wall]
    points = side.from_room(placed.triangles_m.reshape(-1, 3))
    low, high = points.min(0), points.max(0)
    span = Span(
        wall=side.index,
        left_m=float(low[0]),
        right_m=float(high[0]),
        bottom_m=0.0,
        top_m=float(high[2]),
        reach_m=float(max(low[1], 0)),
    )
    if not plan.wall_is_free(span):
        return False
    plan.spans.append(replace(span, reach_m=0.0))
    return True


def _matrix_at_wall(
    low: np.ndarray, high: np.ndarray, along_m: float, gap_m: float, jitter: float
) -> Float32[np.ndarray, "4 4"]:
    """Matrix of a piece with its back to the wall, in the wall's coordinates."""
    swing_m = abs(np.sin(jitter)) * float(high[0] - low[0]) / 2
    shift_x = along_m + float(low[0] + high[0]) / 2
    return rotation(np.pi + jitter, (shift_x, gap_m + swing_m + float(high[1]), 0))


def _gap_m(rng: Generator) -> float:
    return float(rng.uniform(0.02, 0.07) if rng.random() < 0.88 else rng.uniform(0.1, 0.4))
