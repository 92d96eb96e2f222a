"""The empty room is closed and lit, with openings in valid positions."""

from itertools import combinations

import numpy as np
import pytest

from depth_unet.rooms.design.kinds import ROOM_KINDS, RoomKind
from depth_unet.rooms.design.openings import DOOR_REACH_M
from depth_unet.rooms.design.shell import Shell, build_shell
from depth_unet.rooms.design.walls import Span, make_walls, panels_around
from depth_unet.rooms.mesh import Material, Mesh
from depth_unet.rooms.scene import Light
from depth_unet.rooms.textures.pool import TexturePool

NUM_RAYS = 20_000
each_kind = pytest.mark.parametrize("kind", ROOM_KINDS, ids=lambda kind: kind.name)


def test_shares_sum_to_one() -> None:
    """The table of kinds is a distribution, and its names are unique."""
    assert sum(kind.share for kind in ROOM_KINDS) == pytest.approx(1)
    assert len({kind.name for kind in ROOM_KINDS}) == len(ROOM_KINDS)


@each_kind
@pytest.mark.parametrize("seed", range(2))
def test_no_ray_escapes(kind: RoomKind, seed: int) -> None:
    """Every ray from inside an empty room ends on a surface or on the light of a window."""
    shell = _shell(kind, seed)
    rng = np.random.default_rng(seed)
    size_m = np.array(shell.size_m)
    origins = (rng.uniform(0.02, 0.98, (NUM_RAYS, 3)) * size_m).astype(np.float32)
    directions = rng.normal(size=(NUM_RAYS, 3)).astype(np.float32)
    escaped = ~_hits(shell.meshes, origins, directions)
    for light in shell.lights:
        escaped &= ~_meets(light, origins, directions)
    assert not escaped.any(), f"{escaped.sum()} rays, first from {origins[escaped][0]}"


@each_kind
@pytest.mark.parametrize("seed", range(2))
def test_light_inside(kind: RoomKind, seed: int) -> None:
    """A lamp hangs in the room; windows shine into it."""
    shell = _shell(kind, seed)
    size_m = np.array(shell.size_m)
    lamps = [light for light in shell.lights if light.backdrop is None]
    assert any(np.all(_centre(lamp) > 0) and np.all(_centre(lamp) < size_m) for lamp in lamps)
    for light in shell.lights:
        assert np.all(light.radiance > 0)
        if light.backdrop is not None:
            inwards = np.cross(light.edge_u_m, light.edge_v_m)
            assert inwards @ (size_m / 2 - _centre(light)) > 0
            assert light.edge_v_m[2] > 0, "the backdrop would stand on its head"


@each_kind
def test_openings_fit(kind: RoomKind) -> None:
    """Doors and windows lie within their walls and do not overlap; every room has a door."""
    for seed in range(4):
        shell = _shell(kind, seed)
        spans = [span for span in shell.taken if span.reach_m >= 0.5]
        for span in spans:
            wall = shell.walls[span.wall]
            assert span.left_m > -0.05
            assert span.right_m < wall.length_m + 0.05
            assert span.top_m <= wall.height_m + 0.1
        doors = [span for span in spans if span.reach_m == DOOR_REACH_M]
        assert doors
        assert not any(door.overlaps(other) for door, other in combinations(doors, 2))


def test_shell_repeats() -> None:
    """The same generator state gives the same shell."""
    first, second = _shell(ROOM_KINDS[0], 7), _shell(ROOM_KINDS[0], 7)
    for mesh, other in zip(first.meshes, second.meshes, strict=True):
        np.testing.assert_array_equal(mesh.positions_m, other.positions_m)
        assert mesh.material.texture is other.material.texture


def test_panels_leave_the_holes() -> None:
    """The surface of a wall covers it except for its openings, and faces the room."""
    wall = make_walls((4.0, 3.0, 2.5))[1]
    door = Span(wall=1, left_m=0.5, right_m=1.4, bottom_m=0.0, top_m=2.0)
    window = Span(wall=1, left_m=1.8, right_m=2.8, bottom_m=1.0, top_m=2.0)
    meshes = panels_around(wall, [window, door], Material(), top_m=2.4)
    area_m2 = sum(_area_m2(mesh) for mesh in meshes)
    # 3 cm run behind the neighbours at both ends and below.
    assert area_m2 == pytest.approx(3.06 * 2.43 - 0.9 * 2.0 - 1.0 * 1.0, abs=0.03)
    for mesh in meshes:
        inwards = mesh.transform(wall.matrix).normals
        np.testing.assert_allclose(inwards[..., 0], -1, atol=1e-6)


def _shell(kind: RoomKind, seed: int) -> Shell:
    return build_shell(kind, np.random.default_rng(seed), TexturePool("train", per_kind=2))


def _hits(meshes: tuple[Mesh, ...], origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
    rtcore_scene = pytest.importorskip("embreex.rtcore_scene")
    mesh_construction = pytest.importorskip("embreex.mesh_construction")
    corners = np.concatenate([mesh.positions_m for mesh in meshes]).reshape(-1, 3)
    tree = rtcore_scene.EmbreeScene()
    triangles = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    mesh_construction.TriangleMesh(tree, corners, triangles)
    return np.asarray(tree.run(origins, directions) >= 0)


def _meets(light: Light, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
    normal = np.cross(light.edge_u_m, light.edge_v_m)
    along = ((light.corner_m - origins) @ normal) / (directions @ normal)
    offset = origins + along[:, None] * directions - light.corner_m
    u = offset @ light.edge_u_m / (light.edge_u_m @ light.edge_u_m)
    v = offset @ light.edge_v_m / (light.edge_v_m @ light.edge_v_m)
    return np.asarray((along > 0) & (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1))


def _centre(light: Light) -> np.ndarray:
    return np.asarray(light.corner_m + (light.edge_u_m + light.edge_v_m) / 2)


def _area_m2(mesh: Mesh) -> float:
    a, b, c = (mesh.positions_m[:, index] for index in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
