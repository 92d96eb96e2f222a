"""Doors and windows: plans their positions in the walls, and builds the doors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.design.finishes import METAL, Finishes
from depth_unet.rooms.design.kinds import RoomKind
from depth_unet.rooms.design.walls import Parts, Span, Wall, frame_boxes
from depth_unet.rooms.mesh import Mesh, box, rotation

OpeningKind = Literal["closed", "open", "arch", "window"]
OUTSIDE_M = -0.16
"""Depth of frames behind the wall's surface."""
LEAF_M = (-0.08, -0.04)
DOOR_REACH_M = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A hole in a wall: a closed or open door, an arch without a door, or a window."""

    kind: OpeningKind
    span: Span


def plan_openings(kind: RoomKind, walls: Sequence[Wall], rng: Generator) -> tuple[Opening, ...]:
    """Pick positions for doors, at least one, and windows, without overlaps."""
    openings: list[Opening] = []
    num_doors = int(rng.integers(kind.num_doors[0], kind.num_doors[1] + 1))
    num_windows = int(rng.choice(len(kind.windows), p=kind.windows))
    for name in ["door"] * num_doors + ["window"] * num_windows:
        for _ in range(12):
            wall = walls[int(rng.integers(len(walls)))]
            drawn = _draw_door(kind, wall, rng) if name == "door" else _draw_window(wall, rng)
            if drawn is not None and not any(_too_close(drawn.span, o.span) for o in openings):
                openings.append(drawn)
                break
    return tuple(openings)


def build_door(opening: Opening, wall: Wall, finishes: Finishes, rng: Generator) -> Parts:
    """Build the frame, the threshold and the leaf of a door or an arch."""
    parts = Parts()
    span = opening.span
    x_m, z_m = (span.left_m, span.right_m), (-0.02, span.top_m)
    width_m = float(rng.uniform(0.04, 0.09))
    meshes = frame_boxes(x_m, z_m, (OUTSIDE_M, 0.02), width_m, finishes.trim)
    threshold = box(
        (x_m[0] - 0.05, OUTSIDE_M - 0.05, -0.02), (x_m[1] + 0.05, 0, 0), finishes.floor, 1.0
    )
    meshes.append(threshold)
    match opening.kind:
        case "closed":
            closed = rotation(0, (x_m[0], 0, 0))
            meshes += [mesh.transform(closed) for mesh in _leaf(span, finishes)]
        case "open":
            meshes += _add_open_leaf(opening, wall, finishes, parts, rng)
        case _:
            pass
    parts.put(wall, meshes)
    margin = width_m + 0.03
    parts.spans.append(
        replace(
            span,
            left_m=span.left_m - margin,
            right_m=span.right_m + margin,
            top_m=span.top_m + margin,
            reach_m=DOOR_REACH_M,
        )
    )
    return parts


def _draw_door(kind: RoomKind, wall: Wall, rng: Generator) -> Opening | None:
    is_open = rng.random() < kind.open_doors
    is_arch = is_open and rng.random() < 0.3
    width_m = float(rng.uniform(0.9, 1.8) if is_arch else rng.uniform(0.75, 0.95))
    room_m = wall.length_m - width_m - 0.3
    if room_m < 0:
        return None
    left_m = 0.15 + float(rng.uniform(0, room_m))
    top_m = float(rng.uniform(1.98, 2.15))
    span = Span(wall=wall.index, left_m=left_m, right_m=left_m + width_m, bottom_m=0.0, top_m=top_m)
    return Opening(kind="arch" if is_arch else "open" if is_open else "closed", span=span)


def _draw_window(wall: Wall, rng: Generator) -> Opening | None:
    if wall.length_m < 1.5:
        return None
    width_m = float(rng.uniform(0.7, min(2.6, wall.length_m - 0.6)))
    left_m = 0.3 + float(rng.uniform(0, wall.length_m - width_m - 0.6))
    bottom_m = float(rng.uniform(0.75, 1.15)) if rng.random() < 0.85 else 0.12
    top_m = min(bottom_m + float(rng.uniform(0.9, 1.5)), wall.height_m - 0.25)
    if bottom_m < 0.5:
        top_m = float(rng.uniform(2.0, wall.height_m - 0.2))
    span = Span(
        wall=wall.index, left_m=left_m, right_m=left_m + width_m, bottom_m=bottom_m, top_m=top_m
    )
    return Opening(kind="window", span=span)


def _too_close(span: Span, other: Span) -> bool:
    """Whether two openings of one wall are too close for their frames."""
    return (
        span.wall == other.wall
        and span.left_m < other.right_m + 0.3
        and span.right_m > other.left_m - 0.3
    )


def _leaf(span: Span, finishes: Finishes) -> list[Mesh]:
    """A door leaf with panels and a handle; its hinge is at the origin."""
    width_m, height_m = span.right_m - span.left_m, span.top_m
    (back, front), door = LEAF_M, finishes.door
    meshes = [box((-0.005, back, 0.002), (width_m + 0.005, front, height_m + 0.005), door, 0.9)]
    for low, high in ((0.15, 0.9), (1.05, height_m - 0.12)):
        for y0, y1 in ((front, front + 0.012), (back - 0.012, back)):
            meshes.append(box((0.12, y0, low), (width_m - 0.12, y1, high), door, 0.9))
    handle_m = width_m - 0.08
    for y0, y1 in ((front, front + 0.05), (back - 0.05, back)):
        meshes.append(box((handle_m - 0.1, y0, 0.99), (handle_m + 0.02, y1, 1.02), METAL))
    return meshes


def _add_open_leaf(
    opening: Opening, wall: Wall, finishes: Finishes, parts: Parts, rng: Generator
) -> list[Mesh]:
    """An open leaf; if it opens into this room, its floor is added to ``parts`` as occupied."""
    span = opening.span
    inwards = rng.random() < 0.5
    angle = float(rng.uniform(1.35, 1.65)) * (1 if inwards else -1)
    hinge_m = (span.left_m + 0.01, LEAF_M[1] if inwards else OUTSIDE_M + 0.04, 0)
    # The hinge is at the leaf's front edge if it opens inwards, else at its back edge.
    edge_m = (0.0, -LEAF_M[1] if inwards else -LEAF_M[0], 0.0)
    matrix = rotation(angle, hinge_m) @ rotation(0, edge_m)
    leaf = [mesh.transform(matrix) for mesh in _leaf(span, finishes)]
    if inwards:
        points = np.concatenate([mesh.positions_m.reshape(-1, 3) for mesh in leaf])
        low, high = points.min(0), points.max(0)
        parts.footprints_m.append(
            wall.floor_box(float(low[0]), float(high[0]), 0.0, float(high[1]))
        )
        parts.spans.append(
            replace(span, left_m=float(low[0]), right_m=float(high[0]), reach_m=float(high[1]))
        )
    return leaf
