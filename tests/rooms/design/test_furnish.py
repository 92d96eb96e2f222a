"""Furniture stands on the floor, inside the room, and pieces do not overlap."""

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from depth_unet.rooms.design.clutter import height_below, put_on_floor, put_on_tops
from depth_unet.rooms.design.floorplan import FloorPlan, Placed, make_plan, overlap
from depth_unet.rooms.design.furnish import furnish
from depth_unet.rooms.design.kinds import ROOM_KINDS, RoomKind
from depth_unet.rooms.design.placement import chair_fits, place_against_wall, place_chair
from depth_unet.rooms.design.shell import Shell, build_shell
from depth_unet.rooms.design.wall_objects import hang_on_walls
from depth_unet.rooms.furniture.catalogue import Catalogue
from depth_unet.rooms.furniture.piece import assemble
from depth_unet.rooms.mesh import Material, Mesh, box
from depth_unet.rooms.textures.pool import TexturePool

OVERLAP_M = 0.01
SEATS = ("chair", "office_chair", "armchair")
"""Kinds that may be pushed under a table."""
REST_M = 0.005
OUTSIDE_M = 0.002
each_kind = pytest.mark.parametrize("kind", ROOM_KINDS, ids=lambda kind: kind.name)
each_seed = pytest.mark.parametrize("seed", range(2))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Furnished:
    """A furnished room: its plan, the things on tops, the objects on walls."""

    plan: FloorPlan
    things: tuple[Placed, ...]
    hung: tuple[Mesh, ...]


@each_kind
@each_seed
def test_pieces_inside(kind: RoomKind, seed: int) -> None:
    """Every vertex of every piece lies in the room, and the piece stands on the floor."""
    room = _furnished(kind, seed)
    assert room.plan.placed
    for placed in room.plan.placed:
        points = placed.triangles_m.reshape(-1, 3)
        assert points.min() > -OUTSIDE_M, placed.kind
        assert np.all(points < np.array(room.plan.size_m) + OUTSIDE_M), placed.kind
        assert points[:, 2].min() == pytest.approx(0, abs=REST_M), placed.kind


@each_kind
@each_seed
def test_footprints_do_not_overlap(kind: RoomKind, seed: int) -> None:
    """No two pieces share floor, except a chair and its table, which stays above the chair."""
    placed = _furnished(kind, seed).plan.placed
    for piece, other in combinations(placed, 2):
        if not overlap(piece.footprint_m, other.footprint_m, OVERLAP_M):
            continue
        assert (piece.kind in SEATS) != (other.kind in SEATS), f"{piece.kind} in {other.kind}"
        table, chair = (piece, other) if other.kind in SEATS else (other, piece)
        assert chair_fits(table, chair), f"{chair.kind} cuts {table.kind}"


@each_kind
@each_seed
def test_doors_stay_free(kind: RoomKind, seed: int) -> None:
    """Nothing stands in front of a door."""
    plan = _furnished(kind, seed).plan
    for placed in plan.placed:
        assert not any(overlap(placed.footprint_m, zone, OVERLAP_M) for zone in plan.zones_m)


@each_kind
@each_seed
def test_things_rest(kind: RoomKind, seed: int) -> None:
    """A thing stands within 5 mm of the top below it and does not overlap other things."""
    room = _furnished(kind, seed)
    carriers_m = np.concatenate([placed.triangles_m for placed in room.plan.placed])
    for thing in room.things:
        points = thing.triangles_m.reshape(-1, 3)
        x0, y0, x1, y1 = thing.footprint_m
        middle = np.array([[(x0 + x1) / 2, (y0 + y1) / 2]])
        low_m = float(points[:, 2].min())
        assert abs(low_m - height_below(carriers_m, middle)[0]) < REST_M, thing.piece.name
        assert points[:, 2].max() < room.plan.size_m[2]


@each_kind
def test_required_pieces_are_placed(kind: RoomKind) -> None:
    """The required pieces of a room are placed."""
    rooms = [_furnished(kind, seed) for seed in range(2)]
    for name in kind.required:
        found = sum(any(placed.kind == name for placed in room.plan.placed) for room in rooms)
        assert found >= 1, name


def test_hung_things_are_on_the_walls() -> None:
    """Wall objects are inside the room and within 45 cm of a wall."""
    for kind in ROOM_KINDS:
        room = _furnished(kind, 0)
        size_m = np.array(room.plan.size_m)
        for mesh in room.hung:
            points = mesh.positions_m.reshape(-1, 3)
            assert points.min() > -OUTSIDE_M
            assert np.all(points < size_m + OUTSIDE_M)
            near = np.minimum(points, size_m - points)[:, :2].min(axis=1)
            assert near.max() < 0.45


def test_height_below_is_that_of_the_triangles() -> None:
    """Over a box it is the top of the box, beside it nothing, over a slope the slope."""
    triangles_m = box((0, 0, 0), (1, 1, 0.5), Material()).positions_m
    slope_m = np.array([[[2, 0, 0], [4, 0, 1], [2, 2, 0]]], np.float32)
    points = np.array([[0.3, 0.6], [1.5, 0.5], [2.5, 0.5]])
    heights = height_below(np.concatenate([triangles_m, slope_m]), points)
    np.testing.assert_allclose(heights, [0.5, -np.inf, 0.25], atol=1e-6)


def test_chair_is_pushed_under_an_open_table_only() -> None:
    """A chair goes under a top with free space, and stays in front of a closed front."""
    top = box((-0.6, -0.4, 0.72), (0.6, 0.4, 0.75), Material())
    legs = [box((x, -0.03, 0), (x + 0.05, 0.03, 0.72), Material()) for x in (-0.6, 0.55)]
    closed = box((-0.6, -0.4, 0), (0.6, 0.4, 0.75), Material())
    chair = assemble("chair", [box((-0.2, -0.2, 0), (0.2, 0.2, 0.45), Material())])
    reach_m = []
    for meshes in ([top, *legs], [closed]):
        plan = FloorPlan(size_m=(4.0, 4.0, 2.5), walls=make_plan(_shell(ROOM_KINDS[0], 0)).walls)
        rng = np.random.default_rng(0)
        table = place_against_wall(plan, "table", assemble("table", meshes), rng)
        assert table is not None
        placed = place_chair(plan, table, "chair", chair, side=0, aside_m=0.0, depth_m=0.2)
        assert placed is not None
        reach_m.append(overlap(table.footprint_m, placed.footprint_m, OVERLAP_M))
    assert reach_m == [True, False]


def _shell(kind: RoomKind, seed: int) -> Shell:
    return build_shell(kind, np.random.default_rng(seed), TexturePool("train", per_kind=2))


@cache
def _furnished(kind: RoomKind, seed: int) -> Furnished:
    rng = np.random.default_rng([seed, 1])
    # Both kinds of furniture: shapes, and models with curved and stepped tops.
    catalogue = Catalogue("cc0" if seed % 2 else "boxes", "train")
    plan = make_plan(_shell(kind, seed))
    furnish(plan, kind, catalogue, rng)
    parts = hang_on_walls(plan, kind, TexturePool("train", per_kind=2), rng)
    things = put_on_tops(plan, kind, catalogue, rng)
    put_on_floor(plan, kind, catalogue, rng)
    return Furnished(plan=plan, things=tuple(things), hung=tuple(parts.meshes))
