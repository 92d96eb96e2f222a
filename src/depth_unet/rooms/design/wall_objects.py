"""Objects on walls: pictures, mirrors, boards, shelves, clocks, upper cabinets, switches."""

import numpy as np
from numpy.random import Generator

from depth_unet.rooms.design.finishes import DARK, paint
from depth_unet.rooms.design.floorplan import FloorPlan
from depth_unet.rooms.design.kinds import Interval, RoomKind
from depth_unet.rooms.design.walls import Parts, Rectangle, Span, Wall, panel
from depth_unet.rooms.furniture.materials import carpentry, pick_material
from depth_unet.rooms.mesh import Material, Mesh, box
from depth_unet.rooms.textures.pool import TexturePool

PER_METRE: Interval = (0.35, 1.1)
"""Attempts per metre of wall; most fail, because the wall is occupied."""
TRIES = 6
UPPER_M = (0.3, 0.36)
CEILING_GAP_M = 0.1
SHARES = {"picture": 0.5, "poster": 0.12, "shelf": 0.16, "mirror": 0.07, "clock": 0.05, "note": 0.1}
PUBLIC_SHARES = {"picture": 0.2, "poster": 0.3, "note": 0.35, "shelf": 0.05, "clock": 0.1}


def hang_on_walls(plan: FloorPlan, kind: RoomKind, textures: TexturePool, rng: Generator) -> Parts:
    """Hang objects on free parts of the walls, also above furniture."""
    parts = Parts()
    if kind.arrangement == "kitchen":
        parts.add(_upper_cabinets(plan, textures, rng))
    if kind.arrangement == "rows":
        _hang_board(plan, parts, textures, rng)
    _add_switches(plan, parts, rng)
    shares = PUBLIC_SHARES if kind.panels > 0.5 else SHARES
    density = float(rng.uniform(*PER_METRE))
    for wall in plan.walls:
        for _ in range(int(rng.poisson(density * wall.length_m))):
            name = str(rng.choice(list(shares), p=list(shares.values())))
            parts.add(_hang_one(name, plan, wall, textures, rng))
    return parts


def _hang_one(
    name: str, plan: FloorPlan, wall: Wall, textures: TexturePool, rng: Generator
) -> Parts:
    parts = Parts()
    width_m, height_m = _size_m(name, rng)
    if width_m > wall.length_m - 0.2:
        return parts
    for _ in range(TRIES):
        left_m = float(rng.uniform(0.08, wall.length_m - width_m - 0.08))
        bottom_m = float(rng.uniform(1.15, 1.75)) - 0.3 * height_m
        span = Span(
            wall=wall.index,
            left_m=left_m,
            right_m=left_m + width_m,
            bottom_m=bottom_m,
            top_m=bottom_m + height_m,
        )
        low_enough = span.top_m < wall.height_m - CEILING_GAP_M
        if low_enough and not any(span.overlaps(other) for other in plan.spans):
            plan.spans.append(span.grow(0.04))
            parts.put(wall, _build_meshes(name, span, textures, rng))
            break
    return parts


def _size_m(name: str, rng: Generator) -> tuple[float, float]:
    match name:
        case "shelf":
            return float(rng.uniform(0.5, 1.2)), 0.34
        case "clock":
            return (side := float(rng.uniform(0.22, 0.35))), side
        case "note":
            width_m, height_m = rng.uniform(0.2, 0.9), rng.uniform(0.2, 0.7)
        case "poster":
            width_m, height_m = rng.uniform(0.4, 0.8), rng.uniform(0.5, 1.0)
        case _:
            width_m, height_m = rng.uniform(0.22, 1.2), rng.uniform(0.22, 0.9)
    return float(width_m), float(height_m)


def _build_meshes(name: str, span: Span, textures: TexturePool, rng: Generator) -> list[Mesh]:
    match name:
        case "shelf":
            return _wall_shelf(span, textures, rng)
        case "poster":
            return [_front_panel(span, 0.004, pick_material("picture", rng, textures))]
        case "note":
            return _notes(span, textures, rng)
        case "clock":
            return _frame_picture(span, 0.025, DARK, paint(rng, (0.6, 0.9)))
        case "mirror":
            glass = Material(albedo=(0.3, 0.31, 0.32), gloss=0.5)
            return _frame_picture(span, 0.03, carpentry(rng, textures), glass)
    frame = carpentry(rng, textures) if rng.random() < 0.6 else DARK
    return _frame_picture(
        span, float(rng.uniform(0.015, 0.04)), frame, pick_material("picture", rng, textures)
    )


def _frame_picture(span: Span, frame_m: float, frame: Material, inside: Material) -> list[Mesh]:
    """A picture in a frame ``frame_m`` wide."""
    depth_m = 0.02
    low, high = (span.left_m, 0.001, span.bottom_m), (span.right_m, depth_m, span.top_m)
    return [box(low, high, frame), _front_panel(span.grow(-frame_m), depth_m + 0.003, inside)]


def _front_panel(span: Span, depth_m: float, material: Material) -> Mesh:
    x_m, z_m = (span.left_m, span.right_m), (span.bottom_m, span.top_m)
    return panel(x_m, z_m, material, depth_m=depth_m)


def _notes(span: Span, textures: TexturePool, rng: Generator) -> list[Mesh]:
    """A cork board, or sheets of paper pinned to the wall."""
    meshes = []
    if rng.random() < 0.5:
        meshes = _frame_picture(
            span, 0.02, carpentry(rng, textures), pick_material("cork", rng, textures)
        )
    width_m, height_m = span.right_m - span.left_m, span.top_m - span.bottom_m
    for _ in range(int(rng.integers(1, 6))):
        wide_m, high_m = float(rng.uniform(0.1, 0.22)), float(rng.uniform(0.12, 0.3))
        if wide_m > width_m - 0.05 or high_m > height_m - 0.05:
            continue
        x = span.left_m + float(rng.uniform(0.02, width_m - wide_m - 0.02))
        z = span.bottom_m + float(rng.uniform(0.02, height_m - high_m - 0.02))
        paper = pick_material("paper" if rng.random() < 0.7 else "picture", rng, textures)
        depth_m = 0.026 + 0.002 * len(meshes)
        meshes.append(panel((x, x + wide_m), (z, z + high_m), paper, depth_m=depth_m))
    return meshes


def _wall_shelf(span: Span, textures: TexturePool, rng: Generator) -> list[Mesh]:
    """A board with books and boxes on it."""
    deep_m, z = float(rng.uniform(0.15, 0.24)), span.bottom_m + 0.03
    wood = carpentry(rng, textures)
    meshes = [box((span.left_m, 0, span.bottom_m), (span.right_m, deep_m, z), wood)]
    cursor_m = span.left_m + float(rng.uniform(0.01, 0.15))
    while cursor_m < span.right_m - 0.12:
        width_m = min(float(rng.uniform(0.08, 0.4)), span.right_m - cursor_m - 0.01)
        height_m, thick_m = float(rng.uniform(0.12, 0.28)), float(rng.uniform(0.1, deep_m))
        material = pick_material("books", rng, textures) if width_m > 0.15 else paint(rng)
        high = (cursor_m + width_m, 0.01 + thick_m - 0.02, z + height_m)
        meshes.append(box((cursor_m, 0.01, z), high, material))
        cursor_m += width_m + float(rng.uniform(0.0, 0.3))
    return meshes


def _upper_cabinets(plan: FloorPlan, textures: TexturePool, rng: Generator) -> Parts:
    """Cabinets above the counters, except at windows, and a hood above the stove."""
    parts = Parts()
    deep_m = float(rng.uniform(*UPPER_M))
    bottom_m, top_m = float(rng.uniform(1.38, 1.5)), float(rng.uniform(2.0, 2.25))
    wood, knob = carpentry(rng, textures), paint(rng, (0.1, 0.5))
    for placed in plan.placed:
        if placed.kind not in ("counter", "kitchen_sink", "stove") or placed.wall is None:
            continue
        low_z = bottom_m + (0.25 if placed.kind == "stove" else 0.0)
        wall = plan.walls[placed.wall]
        ends = _extent_along(wall, placed.footprint_m)
        span = Span(wall=wall.index, left_m=ends[0], right_m=ends[1], bottom_m=low_z, top_m=top_m)
        if placed.triangles_m[..., 2].max() > low_z - 0.3 or rng.random() < 0.12:
            continue
        if top_m > wall.height_m or any(span.overlaps(other) for other in plan.spans):
            continue
        plan.spans.append(span)
        parts.put(wall, _cabinet_row(span, deep_m, wood, knob))
    return parts


def _cabinet_row(span: Span, deep_m: float, wood: Material, knob: Material) -> list[Mesh]:
    """A box with doors, each about 0.45 m wide."""
    width_m = span.right_m - span.left_m
    num = max(1, round(width_m / 0.45))
    low, high = (span.left_m, 0, span.bottom_m), (span.right_m, deep_m, span.top_m)
    meshes = [box(low, high, wood)]
    for index in range(num):
        x0 = span.left_m + index * width_m / num + 0.004
        x1 = span.left_m + (index + 1) * width_m / num - 0.004
        z0, z1 = span.bottom_m + 0.004, span.top_m - 0.004
        meshes.append(box((x0, deep_m, z0), (x1, deep_m + 0.018, z1), wood))
        x = x0 + 0.03 if index % 2 else x1 - 0.05
        handle = ((x, deep_m + 0.018, z0 + 0.05), (x + 0.015, deep_m + 0.04, z0 + 0.17))
        meshes.append(box(*handle, knob))
    return meshes


def _hang_board(plan: FloorPlan, parts: Parts, textures: TexturePool, rng: Generator) -> None:
    """Hang the board of a classroom, preferably on the wall that the rows face."""
    front = 0 if plan.size_m[1] >= plan.size_m[0] else 1
    for index in (front, (front + 2) % 4, (front + 1) % 4):
        wall = plan.walls[index]
        for _ in range(TRIES):
            width_m = float(rng.uniform(1.8, min(4.0, wall.length_m - 0.8)))
            left_m = float(rng.uniform(0.3, wall.length_m - width_m - 0.3))
            span = Span(
                wall=index, left_m=left_m, right_m=left_m + width_m, bottom_m=0.95, top_m=2.15
            )
            if not any(span.overlaps(other) for other in plan.spans):
                plan.spans.append(span.grow(0.1))
                frame = paint(rng, (0.3, 0.8))
                parts.put(
                    wall, _frame_picture(span, 0.03, frame, pick_material("board", rng, textures))
                )
                return


def _add_switches(plan: FloorPlan, parts: Parts, rng: Generator) -> None:
    """Add a light switch beside each door, and sockets near the floor."""
    white = paint(rng, (0.6, 0.85))
    for span in list(plan.spans):
        if span.reach_m < 0.7 or span.bottom_m > 0:
            continue
        wall = plan.walls[span.wall]
        x = span.right_m + 0.1 if rng.random() < 0.5 else span.left_m - 0.18
        spot = Span(wall=span.wall, left_m=x, right_m=x + 0.08, bottom_m=1.05, top_m=1.13)
        if 0.02 < x < wall.length_m - 0.1 and not any(spot.overlaps(s) for s in plan.spans):
            plan.spans.append(spot)
            parts.put(wall, [box((x, 0.001, 1.05), (x + 0.08, 0.012, 1.13), white)])
    for wall in plan.walls:
        x = float(rng.uniform(0.2, wall.length_m - 0.4))
        spot = Span(wall=wall.index, left_m=x, right_m=x + 0.14, bottom_m=0.26, top_m=0.34)
        if not any(spot.overlaps(other) for other in plan.spans):
            parts.put(wall, [box((x, 0.001, 0.26), (x + 0.14, 0.012, 0.34), white)])


def _extent_along(wall: Wall, footprint_m: Rectangle) -> Interval:
    corners = np.array([[*footprint_m[:2], 0], [*footprint_m[2:], 0]])
    along = wall.from_room(corners)[:, 0]
    return float(max(along.min(), 0)), float(min(along.max(), wall.length_m))
