"""Furnishes a room: first the required pieces in their arrangement, then optional pieces."""

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.design.floorplan import FloorPlan, Placed
from depth_unet.rooms.design.groups import (
    add_companions,
    place_chairs_around,
    place_kitchen_runs,
    place_seating_groups,
    place_shelf_aisles,
    place_table_rows,
)
from depth_unet.rooms.design.kinds import RoomKind
from depth_unet.rooms.design.placement import place_against_wall, place_anywhere, place_at
from depth_unet.rooms.design.windows import WINDOW_REACH_M
from depth_unet.rooms.furniture.catalogue import Catalogue
from depth_unet.rooms.furniture.piece import Piece

FULL_SHARE = 0.5
"""No more furniture is added above this share of the floor: cameras need free floor."""
FREE_STANDING = (
    *("box", "stool", "bin", "chair", "plant", "armchair", "floor_lamp", "ottoman", "pouffe"),
)
"""Kinds that may stand away from the walls."""
FREE_STANDING_SHARE = 0.35
RADIATOR_SHARE = 0.5
VARIANTS = {"bed": ("bunk_bed", 0.07), "table": ("round_table", 0.2), "bath": ("shower", 0.35)}
"""Kinds that sometimes replace another kind, and how often."""
CORRIDOR_M = 0.85
"""Width that must stay free beside a piece in a corridor."""


def furnish(plan: FloorPlan, kind: RoomKind, catalogue: Catalogue, rng: Generator) -> None:
    """Place furniture; a piece for which there is no room is left out."""
    match kind.arrangement:
        case "home" | "desks":
            _place_required(plan, kind, catalogue, rng)
        case "kitchen":
            place_kitchen_runs(plan, catalogue, rng)
            if rng.random() < 0.6:
                _place_table_with_chairs(plan, catalogue, rng)
        case "table":
            _place_table_with_chairs(plan, catalogue, rng)
        case "rows":
            place_table_rows(plan, catalogue, rng)
        case "aisles":
            place_shelf_aisles(plan, catalogue, rng)
        case "groups":
            place_seating_groups(plan, catalogue, rng)
        case "corridor":
            pass
    _place_radiators(plan, catalogue, rng)
    if kind.arrangement == "desks":
        _place_desks(plan, catalogue, rng)
    _place_optional(plan, kind, catalogue, rng)


def _place_required(plan: FloorPlan, kind: RoomKind, catalogue: Catalogue, rng: Generator) -> None:
    walls: dict[str, int] = {}
    for name in kind.required:
        wall = None
        if name == "tv_stand" and "sofa" in walls:
            wall = (walls["sofa"] + 2) % 4
        placed = place_against_wall(plan, name, _pick_variant(name, catalogue, rng), rng, wall=wall)
        # Another model may be smaller, another wall may be free.
        for _ in range(3 * (placed is None)):
            placed = placed or place_against_wall(plan, name, catalogue.pick(name, rng), rng)
        if placed is not None and placed.wall is not None:
            walls[name] = placed.wall
            add_companions(plan, placed, catalogue, rng)


def _pick_variant(name: str, catalogue: Catalogue, rng: Generator) -> Piece:
    variant, share = VARIANTS.get(name, (name, 0.0))
    return catalogue.pick(variant if rng.random() < share else name, rng)


def _place_radiators(plan: FloorPlan, catalogue: Catalogue, rng: Generator) -> None:
    """Place radiators under some windows."""
    piece = catalogue.pick("radiator", rng)
    for span in tuple(plan.spans):
        if span.reach_m == WINDOW_REACH_M and rng.random() < RADIATOR_SHARE:
            centre_m = (span.left_m + span.right_m) / 2
            place_against_wall(
                plan, "radiator", piece, rng, wall=span.wall, centre_m=centre_m, straight=True
            )


def _place_table_with_chairs(plan: FloorPlan, catalogue: Catalogue, rng: Generator) -> None:
    """Place a table near the middle of the room, and chairs around it."""
    middle = np.array(plan.size_m[:2]) / 2
    for attempt in range(12):
        piece = _pick_variant("table", catalogue, rng)
        spread = 0.05 + 0.03 * attempt
        centre = middle + rng.uniform(-spread, spread, 2) * plan.size_m[:2]
        angle = int(rng.integers(4)) * np.pi / 2 + float(rng.normal(0, 0.05))
        table = place_at(plan, "table", piece, (float(centre[0]), float(centre[1])), angle)
        if table is not None:
            place_chairs_around(plan, table, catalogue, rng)
            return


def _place_desks(plan: FloorPlan, catalogue: Catalogue, rng: Generator) -> None:
    """Place a desk per 7 square metres, all of one model, each with a chair."""
    wanted = int(plan.size_m[0] * plan.size_m[1] / 7)
    piece = catalogue.pick("desk", rng)
    for _ in range(wanted - 1):
        if rng.random() < 0.6:
            placed = place_against_wall(plan, "desk", piece, rng, straight=True)
        else:
            placed = place_anywhere(plan, "desk", piece, rng, square=True)
        if placed is not None:
            add_companions(plan, placed, catalogue, rng)


def _place_optional(plan: FloorPlan, kind: RoomKind, catalogue: Catalogue, rng: Generator) -> None:
    low, high = kind.num_optional
    for _ in range(int(rng.integers(low, high + 1))):
        if plan.covered_share > FULL_SHARE:
            return
        name = str(rng.choice(kind.optional))
        piece = catalogue.pick(name, rng)
        narrow = min(plan.size_m[:2]) - piece.size_m[1] < CORRIDOR_M
        if kind.arrangement == "corridor" and narrow:
            continue
        placed: Placed | None = None
        can_stand_free = name in FREE_STANDING and kind.arrangement != "corridor"
        if can_stand_free and rng.random() < FREE_STANDING_SHARE:
            placed = place_anywhere(plan, name, piece, rng)
        if placed is None:
            placed = place_against_wall(plan, name, piece, rng)
        if placed is not None:
            add_companions(plan, placed, catalogue, rng)
