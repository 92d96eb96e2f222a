"""Ways to set down one piece: against a wall, at a place, before or beside another piece."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from depth_unet.rooms.design.floorplan import FloorPlan, Placed, bounds_of, footprint_of
from depth_unet.rooms.design.walls import Box2, Span
from depth_unet.rooms.furniture.piece import Piece
from depth_unet.rooms.mesh import turned

TRIES = 16
JITTER_RAD = 0.025


def against_wall(
    plan: FloorPlan,
    kind: str,
    piece: Piece,
    rng: np.random.Generator,
    *,
    wall: int | None = None,
    centre_m: float | None = None,
    straight: bool = False,
) -> Placed | None:
    """Set a piece down with its back to a wall.

    Args:
        plan: The room so far.
        kind: What the piece is called.
        piece: The piece.
        rng: Source of the place.
        wall: Which wall; any if not given.
        centre_m: Where along the wall; anywhere if not given.
        straight: Whether it stands exactly along the wall, with next to no gap.

    Returns:
        The piece in its place, already in the plan; None where no place was found.
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
        # A corner is a good place, for every second piece.
        end = 0.0 if place < 0.25 else 1.0 if place > 0.75 else 2 * place - 0.5
        along_m = width_m / 2 + 0.02 + end * slack_m if centre_m is None else centre_m
        matrix = _before_wall(low, high, along_m, gap_m, jitter)
        span = Span(
            wall=side.index,
            left_m=along_m - width_m / 2,
            right_m=along_m + width_m / 2,
            bottom_m=0.0,
            top_m=float(high[2]),
            reach_m=gap_m,
        )
        placed = _try(plan, kind, piece, side.matrix @ matrix, wall=side.index)
        if placed is not None and plan.wall_is_free(span):
            plan.placed.append(placed)
            plan.spans.append(_as_taken(span))
            return placed
    return None


def at(
    plan: FloorPlan,
    kind: str,
    piece: Piece,
    centre_m: Sequence[float],
    angle_rad: float,
) -> Placed | None:
    """Set a piece down at a place, turned; None where the floor is taken."""
    matrix = turned(angle_rad, (centre_m[0], centre_m[1], 0.0))
    placed = _try(plan, kind, piece, matrix)
    if placed is not None:
        plan.placed.append(placed)
    return placed


def somewhere(
    plan: FloorPlan, kind: str, piece: Piece, rng: np.random.Generator, *, square: bool = False
) -> Placed | None:
    """Set a piece down anywhere on the floor.

    Args:
        plan: The room so far.
        kind: What the piece is called.
        piece: The piece.
        rng: Source of the place.
        square: Whether it is turned to one of the walls, not anyhow.
    """
    for _ in range(TRIES):
        centre_m = rng.uniform(0.08, 0.92, 2) * plan.size_m[:2]
        angle = float(rng.uniform(0, 2 * np.pi))
        if square:
            angle = round(angle / (np.pi / 2)) * np.pi / 2 + float(rng.normal(0, JITTER_RAD))
        placed = at(plan, kind, piece, (float(centre_m[0]), float(centre_m[1])), angle)
        if placed is not None:
            return placed
    return None


def before(
    plan: FloorPlan,
    anchor: Placed,
    kind: str,
    piece: Piece,
    *,
    distance_m: float,
    aside_m: float = 0.0,
    facing: bool = True,
    angle_rad: float = 0.0,
) -> Placed | None:
    """Set a piece down before another one.

    Args:
        plan: The room so far.
        anchor: The other one.
        kind: What the piece is called.
        piece: The piece.
        distance_m: Between their edges.
        aside_m: From the middle, along the anchor's front.
        facing: Whether it faces the anchor; otherwise it looks the same way.
        angle_rad: Further turn.
    """
    low, high = bounds_of(piece.meshes)
    front_m = float(bounds_of(anchor.piece.meshes)[0][1])
    near_m = float(-low[1] if facing else high[1])
    turn = (np.pi if facing else 0.0) + angle_rad
    local = turned(turn, (aside_m, front_m - distance_m - near_m, 0))
    placed = _try(plan, kind, piece, anchor.matrix @ local)
    if placed is not None:
        plan.placed.append(placed)
    return placed


def beside(
    plan: FloorPlan, anchor: Placed, kind: str, piece: Piece, *, side: int, gap_m: float = 0.03
) -> Placed | None:
    """Set a piece down to the right (side 1) or left (-1) of another one, their backs in line."""
    low, high = bounds_of(piece.meshes)
    anchor_low, anchor_high = bounds_of(anchor.piece.meshes)
    aside_m = anchor_high[0] + gap_m - low[0] if side > 0 else anchor_low[0] - gap_m - high[0]
    local = turned(0.0, (float(aside_m), float(anchor_high[1] - high[1]), 0))
    placed = _try(plan, kind, piece, anchor.matrix @ local, wall=anchor.wall)
    if placed is None or not _wall_allows(plan, placed):
        return None
    plan.placed.append(placed)
    return placed


def tuck(
    plan: FloorPlan,
    anchor: Placed,
    kind: str,
    chair: Piece,
    *,
    side: int,
    aside_m: float,
    depth_m: float,
    angle_rad: float = 0.0,
) -> Placed | None:
    """Set a chair at one of the four sides of a table or desk, facing it, pushed under if it can.

    Args:
        plan: The room so far.
        anchor: The table.
        kind: What the chair is called.
        chair: The chair.
        side: 0 for the table's front, then counter-clockwise.
        aside_m: From the middle of that side, along it.
        depth_m: How far its front edge is under the top; below zero it stands off.
        angle_rad: Further turn.

    Returns:
        The chair; None where the floor is taken.
    """
    anchor_low, anchor_high = bounds_of(anchor.piece.meshes)
    middle = (anchor_low + anchor_high) / 2
    half = (anchor_high - anchor_low) / 2
    reach_m = float(half[1] if side % 2 == 0 else half[0])
    low, _ = bounds_of(chair.meshes)
    sideways = turned(side * np.pi / 2, (float(middle[0]), float(middle[1]), 0))
    for under_m in (depth_m, min(depth_m, -0.02)):
        local = turned(np.pi + angle_rad, (aside_m, -reach_m + under_m + float(low[1]), 0))
        matrix = anchor.matrix @ sideways @ local
        placed = _try(plan, kind, chair, matrix, beneath=(anchor.footprint_m,))
        if placed is not None and clears(anchor, placed):
            plan.placed.append(placed)
            return placed
    return None


def clears(table: Placed, chair: Placed) -> bool:
    """Whether nothing of a table is as low as the chair where the two overlap in plan."""
    common = np.array(
        [
            np.maximum(table.footprint_m[:2], chair.footprint_m[:2]),
            np.minimum(table.footprint_m[2:], chair.footprint_m[2:]),
        ]
    )
    if np.any(common[0] >= common[1]):
        return True
    of_table = _within(table.triangles_m, common)
    of_chair = _within(chair.triangles_m, common)
    if len(of_table) == 0 or len(of_chair) == 0:
        return True
    return bool(of_table[..., 2].min() > of_chair[..., 2].max())


def _within(
    triangles_m: Float32[np.ndarray, "t 3 3"], box_m: np.ndarray
) -> Float32[np.ndarray, "k 3 3"]:
    """The triangles whose rectangle in plan meets another rectangle."""
    low, high = triangles_m[..., :2].min(1), triangles_m[..., :2].max(1)
    return triangles_m[np.all((low < box_m[1]) & (high > box_m[0]), axis=1)]


def _try(
    plan: FloorPlan,
    kind: str,
    piece: Piece,
    matrix: Float32[np.ndarray, "4 4"],
    *,
    wall: int | None = None,
    beneath: tuple[Box2, ...] = (),
) -> Placed | None:
    footprint_m = footprint_of(piece, matrix)
    if not plan.fits(footprint_m, beneath=beneath):
        return None
    return Placed(
        kind=kind,
        piece=piece,
        matrix=matrix.astype(np.float32),
        footprint_m=footprint_m,
        wall=wall,
        tucked=bool(beneath),
    )


def _wall_allows(plan: FloorPlan, placed: Placed) -> bool:
    """Whether the wall behind a piece is free; if so it is taken from here on."""
    if placed.wall is None:
        return True
    side = plan.walls[placed.wall]
    inverse = np.linalg.inv(side.matrix)
    points = placed.triangles_m.reshape(-1, 3) @ inverse[:3, :3].T + inverse[:3, 3]
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
    plan.spans.append(_as_taken(span))
    return True


def _as_taken(span: Span) -> Span:
    return Span(
        wall=span.wall,
        left_m=span.left_m,
        right_m=span.right_m,
        bottom_m=span.bottom_m,
        top_m=span.top_m,
    )


def _before_wall(
    low: np.ndarray, high: np.ndarray, along_m: float, gap_m: float, jitter: float
) -> Float32[np.ndarray, "4 4"]:
    """In a wall's coordinates: a piece with its back to the wall."""
    swing_m = abs(np.sin(jitter)) * float(high[0] - low[0]) / 2
    shift_x = along_m + float(low[0] + high[0]) / 2
    return turned(np.pi + jitter, (shift_x, gap_m + swing_m + float(high[1]), 0))


def _gap_m(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.02, 0.07) if rng.random() < 0.88 else rng.uniform(0.1, 0.4))
