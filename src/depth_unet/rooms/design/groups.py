"""Groups of furniture: bed and bedside tables, table and chairs, rows of counters."""

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.design.floorplan import FloorPlan, Placed, bounds_of
from depth_unet.rooms.design.placement import (
    place_against_wall,
    place_at,
    place_beside,
    place_chair,
    place_in_front,
)
from depth_unet.rooms.design.walls import Span, Wall
from depth_unet.rooms.furniture.catalogue import Catalogue
from depth_unet.rooms.furniture.piece import Piece

KITCHEN_CORE = ("counter", "kitchen_sink", "stove", "fridge")
SCHOOL_TABLES = ("school_desk", "school_desk", "table", "desk")
SEAT_M = 0.62
"""Length of table edge per chair."""
AISLE_M = (1.1, 1.7)
ROW_M = (0.75, 1.1)


def add_companions(plan: FloorPlan, anchor: Placed, catalogue: Catalogue, rng: Generator) -> None:
    """Place the pieces that go with one: bedside tables, a coffee table, chairs."""
    match anchor.kind:
        case "bed":
            piece = catalogue.pick("bedside", rng)
            for side in (-1, 1):
                if rng.random() < 0.8:
                    place_beside(
                        plan, anchor, "bedside", piece, side=side, gap_m=_uniform(rng, 0.02, 0.1)
                    )
        case "sofa":
            if rng.random() < 0.75:
                piece = catalogue.pick("coffee_table", rng)
                gap_m = _uniform(rng, 0.28, 0.5)
                place_in_front(plan, anchor, "coffee_table", piece, distance_m=gap_m)
        case "desk":
            if rng.random() < 0.9:
                name = "office_chair" if rng.random() < 0.6 else "chair"
                _place_chair_near(plan, anchor, catalogue.pick(name, rng), rng, name=name)
        case "piano":
            place_in_front(plan, anchor, "stool", catalogue.pick("stool", rng), distance_m=0.1)
        case "table":
            place_chairs_around(plan, anchor, catalogue, rng)
        case _:
            pass


def place_chairs_around(
    plan: FloorPlan, table: Placed, catalogue: Catalogue, rng: Generator
) -> None:
    """Place chairs of one model along the sides of a table; some are missing or moved."""
    chair = catalogue.pick("chair", rng)
    low, high = bounds_of(table.piece.meshes)
    share = _uniform(rng, 0.6, 1.0)
    for side in range(4):
        length_m = float((high - low)[side % 2])
        num = max(1, int(length_m / SEAT_M))
        for index in range(num):
            aside_m = ((index + 0.5) / num - 0.5) * length_m
            if rng.random() < share:
                _place_chair_near(plan, table, chair, rng, side=side, aside_m=aside_m)


def place_kitchen_runs(plan: FloorPlan, catalogue: Catalogue, rng: Generator) -> None:
    """Place counters, sink, stove and fridge along one wall, often around a corner."""
    counter = catalogue.pick("counter", rng)
    names = list(rng.permutation(KITCHEN_CORE))
    names += ["counter"] * int(rng.integers(2, 6))
    first = int(np.argmax([_clear_length_m(plan, wall) for wall in plan.walls]))
    for wall in (first, (first + 1) % 4) if rng.random() < 0.65 else (first,):
        cursor_m = 0.02 if wall == first else 0.7
        while names and cursor_m < plan.walls[wall].length_m - 0.3:
            name = names[0]
            piece = counter if name == "counter" else catalogue.pick(str(name), rng)
            low, high = bounds_of(piece.meshes)
            half_m = float(high[0] - low[0]) / 2
            placed = place_against_wall(
                plan, str(name), piece, rng, wall=wall, centre_m=cursor_m + half_m, straight=True
            )
            cursor_m += 0.15 if placed is None else 2 * half_m + 0.004
            if placed is not None:
                names.pop(0)


def place_table_rows(plan: FloorPlan, catalogue: Catalogue, rng: Generator) -> None:
    """Furnish a classroom: rows of equal tables with chairs, all facing one short wall."""
    table = _small_table(catalogue, rng)
    chair = catalogue.pick("chair", rng)
    front = 0 if plan.size_m[1] >= plan.size_m[0] else 1
    wall = plan.walls[front]
    depth_m = plan.size_m[1 - front]
    low, high = bounds_of(table.meshes)
    width_m, deep_m = (float(side) for side in (high - low)[:2])
    pitch_x = width_m + (
        _uniform(rng, 0.02, 0.05) if rng.random() < 0.3 else _uniform(rng, 0.4, 0.9)
    )
    pitch_y = deep_m + _uniform(rng, *ROW_M)
    num_x = int((wall.length_m - 1.2 + pitch_x - width_m) / pitch_x)
    start_m = (wall.length_m - num_x * pitch_x + pitch_x) / 2
    for y in np.arange(_uniform(rng, 1.9, 2.6), depth_m - 1.0, pitch_y):
        for index in range(num_x):
            place = wall.to_room((start_m + index * pitch_x + rng.normal(0, 0.02), float(y), 0))
            # The pupils face the wall, so the table's front faces away from it.
            angle = front * np.pi / 2 + np.pi + float(rng.normal(0, 0.02))
            placed = place_at(plan, "school_desk", table, place.tolist(), angle)
            if placed is not None:
                _add_chairs(plan, placed, chair, width_m, rng)
    desk = catalogue.pick("desk", rng)
    middle = wall.to_room((wall.length_m * _uniform(rng, 0.25, 0.75), 1.1, 0))
    place_at(plan, "desk", desk, middle.tolist(), front * np.pi / 2)


def place_shelf_aisles(plan: FloorPlan, catalogue: Catalogue, rng: Generator) -> None:
    """Furnish a library or shop: rows of shelves, back to back."""
    shelf = catalogue.pick("shelf", rng)
    low, high = bounds_of(shelf.meshes)
    width_m, deep_m = (float(side) for side in (high - low)[:2])
    along = 0 if plan.size_m[0] >= plan.size_m[1] else 1
    pitch_m = 2 * deep_m + _uniform(rng, *AISLE_M)
    num_rows = min(int((plan.size_m[1 - along] - 1.6) / pitch_m), int(rng.integers(1, 4)))
    length_m = plan.size_m[along]
    num_in_row = min(int((length_m - 2.4) / width_m), int(rng.integers(2, 7)))
    start_m = _uniform(rng, 1.0, max(length_m - 1.2 - num_in_row * width_m, 1.01))
    first_m = _uniform(rng, 1.0, max(plan.size_m[1 - along] - 0.9 - num_rows * pitch_m, 1.01))
    for row in range(num_rows):
        across_m = first_m + row * pitch_m + deep_m
        for index in range(num_in_row):
            along_m = start_m + (index + 0.5) * width_m
            for side in (-1, 1):
                y = across_m + side * (deep_m / 2 + 0.002)
                centre = (along_m, y) if along == 0 else (y, along_m)
                # Fronts point away from each other: -y for the row below, +y for the other.
                angle = (0.0 if side < 0 else np.pi) if along == 0 else side * np.pi / 2
                place_at(plan, "shelf", shelf, centre, angle)


def place_seating_groups(plan: FloorPlan, catalogue: Catalogue, rng: Generator) -> None:
    """Furnish a hall: a table with chairs, or sofas, in most cells of a grid."""
    table = catalogue.pick("table", rng)
    num_x, num_y = (max(1, int(side / _uniform(rng, 2.6, 3.4))) for side in plan.size_m[:2])
    lounge_share = _uniform(rng, 0.1, 0.7)
    for i in range(num_x):
        for j in range(num_y):
            centre = (np.array([i, j]) + 0.5) / [num_x, num_y] * plan.size_m[:2]
            centre += rng.normal(0, 0.15, 2)
            place = (float(centre[0]), float(centre[1]))
            angle = int(rng.integers(4)) * np.pi / 2 + float(rng.normal(0, 0.06))
            if rng.random() < 0.2:
                continue
            if rng.random() < lounge_share:
                _place_lounge(plan, place, angle, catalogue, rng)
            elif (placed := place_at(plan, "table", table, place, angle)) is not None:
                place_chairs_around(plan, placed, catalogue, rng)


def _place_lounge(
    plan: FloorPlan,
    place_m: tuple[float, float],
    angle_rad: float,
    catalogue: Catalogue,
    rng: Generator,
) -> None:
    """Place a coffee table with a sofa and armchairs around it."""
    table = place_at(plan, "coffee_table", catalogue.pick("coffee_table", rng), place_m, angle_rad)
    if table is None:
        return
    gap_m = _uniform(rng, 0.28, 0.45)
    place_in_front(plan, table, "sofa", catalogue.pick("sofa", rng), distance_m=gap_m)
    armchair = catalogue.pick("armchair", rng)
    for side in (1, 2, 3):
        if rng.random() < 0.6:
            turn = float(rng.normal(0, 0.12))
            place_chair(
                plan, table, "armchair", armchair, side=side, depth_m=-gap_m, angle_rad=turn
            )


def _place_chair_near(
    plan: FloorPlan,
    table: Placed,
    chair: Piece,
    rng: Generator,
    *,
    name: str = "chair",
    side: int = 0,
    aside_m: float = 0.0,
) -> None:
    low, high = bounds_of(chair.meshes)
    under_m = _uniform(rng, -0.3, 0.45 * float(high[1] - low[1]))
    turn = float(rng.normal(0, 0.08 if name == "chair" else 0.35))
    place_chair(
        plan,
        table,
        name,
        chair,
        side=side,
        aside_m=aside_m + float(rng.normal(0, 0.03)),
        depth_m=under_m,
        angle_rad=turn,
    )


def _add_chairs(
    plan: FloorPlan, table: Placed, chair: Piece, width_m: float, rng: Generator
) -> None:
    """Place one chair, or two at a wide table; sometimes one is missing."""
    for aside_m in (-width_m / 4, width_m / 4) if width_m > 1.15 else (0.0,):
        if rng.random() < 0.92:
            _place_chair_near(plan, table, chair, rng, aside_m=aside_m)


def _small_table(catalogue: Catalogue, rng: Generator) -> Piece:
    """The smallest of a few tables and desks."""
    pieces = [catalogue.pick(name, rng) for name in SCHOOL_TABLES]
    return min(pieces, key=lambda piece: piece.size_m[0] + piece.size_m[1])


def _clear_length_m(plan: FloorPlan, wall: Wall) -> float:
    """Length of a wall minus its doors."""
    doors: list[Span] = [span for span in plan.spans if span.wall == wall.index]
    return wall.length_m - sum(span.right_m - span.left_m for span in doors if span.bottom_m < 0.5)


def _uniform(rng: Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))
