"""Surfaces: connected within an object, cut where one object hides another."""

import math

import numpy as np
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.outputs.mesh import Mesh, grid_stride, surface_mesh
from tests.outputs.conftest import pinhole_rays

SIZES = [(480, 640, 310_000), (480, 640, 1_000), (60, 80, 310_000), (1200, 1600, 30_000)]
sizes = pytest.mark.parametrize(("height", "width", "most"), SIZES)


def rays_of(height: int, width: int) -> np.ndarray:
    """Rays of a camera that sees 64 degrees across."""
    return pinhole_rays(Intrinsics.centred(width, height, 0.8 * width))


def floor_m(rays: np.ndarray, least_deg: float) -> np.ndarray:
    """Depth of a floor 1.5 m below a camera bent forward; none where it is seen at less."""
    tilt = math.radians(20)
    directions = np.concatenate((rays, np.ones((*rays.shape[:2], 1))), axis=-1)
    fall = directions @ (0.0, math.cos(tilt), math.sin(tilt))
    angle = np.arcsin(fall / np.linalg.norm(directions, axis=-1))
    return np.where(angle >= math.radians(least_deg), 1.5 / fall, 0).astype(np.float32)


def wall_and_chair_m(height: int, width: int, gap_m: float) -> np.ndarray:
    """A wall at 3 m and a chair before it."""
    depth_m = np.full((height, width), 3.0, np.float32)
    depth_m[height // 2 : -height // 8, width // 4 : width // 2] -= gap_m
    return depth_m


def num_whole(depth_m: np.ndarray, most: int) -> int:
    """Triangles of a grid that nothing cuts."""
    step = grid_stride(*depth_m.shape, most)
    start_row, start_column = ((size - 1) % step // 2 for size in depth_m.shape)
    valid = depth_m[start_row::step, start_column::step] > 0
    diagonal = valid[:-1, 1:] & valid[1:, :-1]
    return int((diagonal & valid[:-1, :-1]).sum() + (diagonal & valid[1:, 1:]).sum())


@sizes
def test_a_floor_seen_at_ten_degrees_stays_whole(height: int, width: int, most: int) -> None:
    """However coarse the grid, no triangle of a floor seen at 10 degrees or more is cut."""
    rays = rays_of(height, width)
    depth_m = floor_m(rays, 10.0)
    mesh = surface_mesh(depth_m, rays, max_vertices=most)
    assert len(mesh.faces) == num_whole(depth_m, most) > 500


def test_step_alone_would_cut_the_floor() -> None:
    """The law above needs the angle: on a coarse grid most of that floor steps by over 5 %."""
    rays = rays_of(480, 640)
    depth_m = floor_m(rays, 10.0)
    flat = surface_mesh(depth_m, rays, max_vertices=1_000, grazing_deg=89.9)
    assert len(flat.faces) < num_whole(depth_m, 1_000) / 2


@sizes
def test_a_chair_is_cut_from_the_wall(height: int, width: int, most: int) -> None:
    """No triangle joins a chair to the wall a metre behind it; both stay whole."""
    depth_m = wall_and_chair_m(height, width, 1.0)
    mesh = surface_mesh(depth_m, rays_of(height, width), max_vertices=most)
    corners_m = mesh.vertices_m[:, 2][mesh.faces]
    assert set(np.ptp(corners_m, axis=1)) == {0.0}
    chair_m, wall_m = (np.where(depth_m == side, depth_m, 0) for side in (2.0, 3.0))
    for side_m, nearest_m in ((chair_m, 2.0), (wall_m, 3.0)):
        assert (corners_m[:, 0] == nearest_m).sum() == num_whole(side_m, most)


def test_small_steps_are_left() -> None:
    """A picture on the wall hangs on it; a smaller jump cuts it out."""
    depth_m, rays = wall_and_chair_m(480, 640, 0.044), rays_of(480, 640)
    assert len(surface_mesh(depth_m, rays).faces) == num_whole(depth_m, 310_000)
    assert len(surface_mesh(depth_m, rays, jump=0.01).faces) < num_whole(depth_m, 310_000)


def test_smeared_edges_are_cut() -> None:
    """An edge that a prediction spreads over twenty pixels, 2 % each, is one all the same."""
    ramp = np.clip((np.arange(640) - 300) / 20, 0, 1)
    depth_m = np.tile((2.0 * 1.5**ramp).astype(np.float32), (480, 1))
    mesh = surface_mesh(depth_m, rays_of(480, 640))
    assert len(mesh.faces) == num_whole(depth_m, 310_000) - 2 * 20 * 479


def test_holes_stay_open_and_leave_no_vertex() -> None:
    """No triangle touches a hole; every vertex left belongs to a triangle."""
    rays = rays_of(40, 50)
    depth_m = np.full((40, 50), 2.0, np.float32)
    depth_m[10:20, 10:30] = 0.0
    depth_m[14, 20] = 5.0  # an island of one pixel
    depth_m[30, 3] = np.nan
    rays[5, 40] = np.nan
    mesh = surface_mesh(depth_m, rays)
    assert np.isfinite(mesh.vertices_m).all()
    assert set(mesh.vertices_m[:, 2]) == {2.0}
    assert np.unique(mesh.faces).tolist() == list(range(len(mesh.vertices_m)))
    assert len(mesh.vertices_m) == 40 * 50 - 10 * 20 - 1 - 1


def test_triangles_face_the_camera() -> None:
    """Normals of the anticlockwise side point back along the rays."""
    mesh = surface_mesh(np.full((3, 4), 2.0, np.float32), rays_of(3, 4))
    corners_m = mesh.vertices_m[mesh.faces]
    normals = np.cross(corners_m[:, 1] - corners_m[:, 0], corners_m[:, 2] - corners_m[:, 0])
    assert len(normals) == 2 * 2 * 3
    assert ((normals * corners_m.mean(axis=1)).sum(axis=1) < 0).all()


@sizes
def test_vertices_are_pixels(height: int, width: int, most: int) -> None:
    """At most so many; each lies on the ray of the pixel that its place in the photo names."""
    rays = rays_of(height, width)
    mesh = surface_mesh(floor_m(rays, 0.5), rays, max_vertices=most)
    assert 0 < len(mesh.vertices_m) <= most
    columns, rows = np.rint(mesh.uv * (width, height) - 0.5).astype(int).T
    np.testing.assert_allclose((columns + 0.5) / width, mesh.uv[:, 0], rtol=1e-6)
    expected_m = rays[rows, columns] * mesh.vertices_m[:, 2:]
    np.testing.assert_allclose(mesh.vertices_m[:, :2], expected_m, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 3)])
def test_without_a_triangle_the_mesh_is_empty(shape: tuple[int, int]) -> None:
    """One row, or nothing but holes: no vertex, no face, no error."""
    depth_m = np.full(shape, 2.0 if 1 in shape else 0.0, np.float32)
    mesh = surface_mesh(depth_m, rays_of(*shape))
    assert [len(part) for part in _parts(mesh)] == [0, 0, 0]
    assert [part.dtype for part in _parts(mesh)] == [np.float32, np.int32, np.float32]


def test_stride_is_the_smallest_that_fits() -> None:
    """Every second pixel of 640 x 480 for the default; all of it where it fits."""
    assert grid_stride(480, 640, 310_000) == 1
    assert grid_stride(480, 640, 480 * 640) == 1
    assert grid_stride(3, 3, 1) == 3


def _parts(mesh: Mesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return mesh.vertices_m, mesh.faces, mesh.uv
