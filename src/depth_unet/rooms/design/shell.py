"""The empty room: floor, ceiling, walls with doors and windows, lamps.

The shell is closed: every ray from inside ends on a surface or on the light behind a window.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.random import Generator

from depth_unet.rooms.design.adjacent_room import build_adjacent_room
from depth_unet.rooms.design.finishes import Finishes, pick_finishes
from depth_unet.rooms.design.kinds import RoomKind, pick_size
from depth_unet.rooms.design.lighting import ceiling_lamps, pick_daylight, pick_sun
from depth_unet.rooms.design.openings import Opening, build_door, plan_openings
from depth_unet.rooms.design.walls import (
    OVERLAP_M,
    Parts,
    Rectangle,
    Span,
    Wall,
    make_walls,
    panels_around,
)
from depth_unet.rooms.design.windows import build_window
from depth_unet.rooms.furniture.materials import pick_material
from depth_unet.rooms.mesh import Mesh, box, quad
from depth_unet.rooms.scene import Light, Sun
from depth_unet.rooms.textures.pool import TexturePool

ACCENT_SHARE = 0.15
"""Share of rooms in which one wall differs from the others."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shell:
    """An empty room.

    Attributes:
        size_m: Width (x), length (y) and height (z).
        walls: Its four walls.
        meshes: Every surface.
        lights: Lamps and windows.
        sun: Sunlight through a window, or None.
        taken: Parts of the walls occupied by doors, windows and curtains.
        footprints_m: Floor occupied by open doors.
    """

    size_m: tuple[float, float, float]
    walls: tuple[Wall, ...]
    meshes: tuple[Mesh, ...]
    lights: tuple[Light, ...]
    sun: Sun | None
    taken: tuple[Span, ...]
    footprints_m: tuple[Rectangle, ...]


def build_shell(kind: RoomKind, rng: Generator, textures: TexturePool) -> Shell:
    """Build a random empty room of a kind."""
    size_m = pick_size(kind, rng)
    walls = make_walls(size_m)
    finishes = pick_finishes(kind, textures, rng)
    openings = plan_openings(kind, walls, rng)
    daylight = pick_daylight(rng)
    parts = _surfaces(kind, size_m, openings, finishes, textures=textures, rng=rng)
    for opening in openings:
        wall = walls[opening.span.wall]
        if opening.kind == "window":
            window = build_window(
                opening, wall, finishes, textures=textures, daylight=daylight, rng=rng
            )
            parts.add(window)
        else:
            parts.add(build_door(opening, wall, finishes, rng))
    windows = [light for light in parts.lights if light.backdrop is not None]
    for opening in openings:
        if opening.kind in ("open", "arch"):
            wall = walls[opening.span.wall]
            parts.add(build_adjacent_room(opening, wall, finishes, textures, rng))
    parts.add(ceiling_lamps(kind, size_m, rng))
    return Shell(
        size_m=size_m,
        walls=walls,
        meshes=tuple(parts.meshes),
        lights=tuple(parts.lights),
        sun=pick_sun(daylight, windows, rng),
        taken=tuple(parts.spans),
        footprints_m=tuple(parts.footprints_m),
    )


def _surfaces(
    kind: RoomKind,
    size_m: tuple[float, float, float],
    openings: Sequence[Opening],
    finishes: Finishes,
    *,
    textures: TexturePool,
    rng: Generator,
) -> Parts:
    """Floor, ceiling and walls, with tiles up to a height, skirting and cornice."""
    height_m = size_m[2]
    parts = Parts(meshes=_floor_and_ceiling(size_m, finishes))
    accent = int(rng.integers(4)) if rng.random() < ACCENT_SHARE else -1
    skirting_m = float(rng.uniform(0.05, 0.14)) if rng.random() < 0.9 else 0.0
    cornice_m = float(rng.uniform(0.04, 0.1)) if rng.random() < 0.25 else 0.0
    dado_share = 0.35 if "tile" in kind.walls else 0.04
    dado_m = float(rng.uniform(0.9, 1.9)) if rng.random() < dado_share else 0.0
    dado = pick_material("tile", rng, textures)
    accent_material = pick_material("plaster", rng, textures)
    for wall in make_walls(size_m):
        holes = [opening.span for opening in openings if opening.span.wall == wall.index]
        material = accent_material if wall.index == accent else finishes.wall
        texture_m = finishes.wall_texture_m
        meshes = panels_around(wall, holes, material, texture_m=texture_m)
        if dado_m:
            holes_in_frames = [hole.grow(0.03) for hole in holes]
            meshes += panels_around(
                wall, holes_in_frames, dado, top_m=dado_m, depth_m=0.008, texture_m=texture_m
            )
        if skirting_m:
            meshes += _skirting(wall, holes, finishes, skirting_m)
        if cornice_m:
            low, high = (0, 0, height_m - cornice_m), (wall.length_m, cornice_m, height_m)
            meshes.append(box(low, high, finishes.trim))
        parts.put(wall, meshes)
    return parts


def _floor_and_ceiling(size_m: tuple[float, float, float], finishes: Finishes) -> list[Mesh]:
    width_m, length_m, height_m = size_m
    out = OVERLAP_M
    across, along = (width_m + 2 * out, 0, 0), (0, length_m + 2 * out, 0)
    return [
        quad((-out, -out, 0), across, along, finishes.floor, finishes.floor_texture_m),
        quad((-out, -out, height_m), along, across, finishes.ceiling, finishes.ceiling_texture_m),
    ]


def _skirting(wall: Wall, holes: Sequence[Span], finishes: Finishes, height_m: float) -> list[Mesh]:
    """Boards along the foot of the wall, interrupted by doors and low windows."""
    meshes, cursor_m = [], 0.0
    low_holes = [hole for hole in holes if hole.bottom_m < height_m]
    for hole in sorted(low_holes, key=lambda span: span.left_m):
        meshes.append((cursor_m, hole.left_m - 0.03))
        cursor_m = hole.right_m + 0.03
    meshes.append((cursor_m, wall.length_m))
    return [box((x0, 0, 0), (x1, 0.014, height_m), finishes.trim) for x0, x1 in meshes if x1 > x0]
