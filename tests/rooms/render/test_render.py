"""Depth is exact, light agrees with values by hand, and the same seed gives the same bytes."""

import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.rooms.mesh import Material, Mesh, quad
from depth_unet.rooms.render.casting import Caster
from depth_unet.rooms.render.render import Rendering, pixel_rays, render
from depth_unet.rooms.scene import Pose, Scene
from tests.rooms.box_scene import SIZE_M, box_scene, lamp, pose, walls, window

CAMERA = Intrinsics(width=80, height=60, fx_px=65.0, fy_px=64.0, cx_px=40.7, cy_px=31.2)
TILTED = pose((2.2, 0.5, 1.5), yaw_deg=97, pitch_deg=-17, roll_deg=3)
BLACK = Material(albedo=(0.0, 0.0, 0.0))

HASH_PROGRAM = """
import hashlib
from depth_unet.rooms.render.casting import Caster
from depth_unet.rooms.render.render import render
from tests.rooms.render.test_render import CAMERA, TILTED
from tests.rooms.box_scene import box_scene
view = render(Caster(box_scene(with_window=True)), TILTED, CAMERA, samples=2, seed=5)
print(hashlib.sha256(view.radiance.tobytes() + view.depth_m.tobytes()).hexdigest())
"""


def scene_of(*meshes: Mesh) -> Scene:
    """Other meshes with the light of the hand-made room."""
    return replace(box_scene(), meshes=meshes)


def depth_of(scene: Scene, view: Pose) -> np.ndarray:
    """Depth of a view, metres."""
    return render(Caster(scene), view, CAMERA, samples=1, seed=0).depth_m


def unprojected(depth_m: np.ndarray, view: Pose) -> np.ndarray:
    """Every pixel in the world, metres (h w 3)."""
    rows, columns = np.mgrid[: CAMERA.height, : CAMERA.width].astype(np.float64)
    x = (columns - CAMERA.cx_px) / CAMERA.fx_px * depth_m
    y = (rows - CAMERA.cy_px) / CAMERA.fy_px * depth_m
    axes = [np.asarray(axis, np.float64) for axis in (view.right, view.down, view.forward)]
    camera_axes = zip((x, y, depth_m), axes, strict=True)
    return view.origin_m + sum(value[..., None] * axis for value, axis in camera_axes)


def sphere(centre_m: tuple[float, float, float], radius_m: float) -> Mesh:
    """A sphere of 2 x 400 x 200 triangles, whose corners lie on it."""
    around, up = np.meshgrid(np.linspace(0, 2 * np.pi, 401), np.linspace(0, np.pi, 201))
    points = np.stack([np.sin(up) * np.cos(around), np.sin(up) * np.sin(around), np.cos(up)], -1)
    a, b, c, d = points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]
    corners = np.concatenate(
        [np.stack(z, axis=2).reshape(-1, 3, 3) for z in ((a, b, c), (a, c, d))]
    )
    normals = corners.astype(np.float32)
    return Mesh(
        positions_m=(corners * radius_m + centre_m).astype(np.float32),
        normals=normals,
        uv=np.zeros((len(normals), 3, 2), np.float32),
        material=BLACK,
    )


def test_depth_of_a_plane_is_constant() -> None:
    """A wall perpendicular to the optical axis has the same depth everywhere."""
    wall = quad((-50, 4, -50), (100, 0, 0), (0, 0, 100), BLACK)
    depth_m = depth_of(scene_of(wall), pose((0.3, 0.5, 1.2)))
    np.testing.assert_allclose(depth_m, 3.5, atol=1e-4)


def test_depth_of_a_slanted_plane() -> None:
    """Depth of the floor under a tilted, rolled camera, by the plane's equation."""
    floor = quad((-900, -900, 0), (1800, 0, 0), (0, 1800, 0), BLACK)
    view = pose((0.3, 0.5, 1.2), yaw_deg=40, pitch_deg=-50, roll_deg=7)
    falls = pixel_rays(view, CAMERA)[:, 2].astype(np.float64).reshape(60, 80)
    expected_m = np.where(falls < 0, -float(view.origin_m[2]) / falls, 0)
    depth_m = depth_of(scene_of(floor), view)
    near = (expected_m > 0) & (expected_m < 10)
    assert near.mean() > 0.9
    np.testing.assert_allclose(depth_m[near], expected_m[near], atol=1e-3)


def test_depth_of_a_sphere() -> None:
    """A fine mesh of a sphere: 1 mm, except at its rim, where facets are seen edge-on."""
    centre_m, radius_m = np.array([0.2, 3.0, 1.3]), 0.8
    view = pose((0, 0, 1.0), yaw_deg=85, pitch_deg=3, roll_deg=2)
    scene = replace(scene_of(sphere((0.2, 3.0, 1.3), radius_m)), lights=(lamp((4, -9, 2.6)),))
    depth_m = depth_of(scene, view)
    rays = pixel_rays(view, CAMERA).astype(np.float64).reshape(60, 80, 3)
    to_centre = centre_m - view.origin_m
    along, square = rays @ to_centre, (rays**2).sum(axis=2)
    root = along**2 - square * (to_centre @ to_centre - radius_m**2)
    inside = root > 0.05 * along**2
    expected_m = (along - np.sqrt(np.maximum(root, 0))) / square
    assert inside.sum() > 250
    np.testing.assert_allclose(depth_m[inside], expected_m[inside], atol=1e-3)
    assert (depth_m[root < -0.01 * along**2] == 0).all(), "depth where nothing is"


def test_depth_of_a_corner() -> None:
    """In the corner of an empty room every pixel has the depth of the nearest of three planes."""
    view = pose((2.9, 3.6, 1.4), yaw_deg=48, pitch_deg=-20, roll_deg=-4)
    rays = pixel_rays(view, CAMERA).astype(np.float64).reshape(60, 80, 3)
    with np.errstate(divide="ignore"):
        ends = np.where(rays > 0, SIZE_M, 0.0)
        expected_m = ((ends - view.origin_m) / rays).min(axis=2)
    depth_m = depth_of(replace(scene_of(*walls()), lights=(window(),)), view)
    np.testing.assert_allclose(depth_m, expected_m, atol=1e-3)


def test_unprojected_pixels_lie_on_the_room() -> None:
    """Unprojected depth of floor and walls lies on their planes, to 2 mm."""
    scene = replace(scene_of(*walls()), lights=(window(),))
    points_m = unprojected(depth_of(scene, TILTED), TILTED)
    planes = np.stack([np.abs(points_m), np.abs(points_m - np.array(SIZE_M))], axis=-1)
    planes = planes.reshape(60, 80, 6)
    pane = np.abs(points_m[..., 1] - 4.95)
    assert np.minimum(planes.min(axis=2), pane).max() < 2e-3
    assert (planes[..., 4] < 2e-3).mean() > 0.2, "no floor in view"


def test_depth_of_a_pane_is_where_the_pane_is() -> None:
    """A window has the depth of its pane, although the wall lies behind it."""
    scene = box_scene(with_window=True)
    depth_m = depth_of(scene, pose((1.6, 2.0, 1.5)))
    assert depth_m[31, 41] == pytest.approx(2.95, abs=1e-3)


def test_irradiance_under_a_lamp() -> None:
    """The brightness of a floor lit by one lamp is that of the form factor."""
    floor = quad((-2, -2, 0), (8, 0, 0), (0, 9, 0), Material(albedo=(0.5, 0.5, 0.5)))
    view = pose((2.0, 2.5, 1.5), pitch_deg=-90)
    scene = scene_of(floor)
    radiance = render(Caster(scene), view, CAMERA, samples=8, seed=1).radiance
    light = lamp()
    # The sum over small parts of the lamp of cosines over squared distance.
    steps = (np.arange(20) + 0.5) / 20
    parts = light.corner_m + np.array(
        [[light.edge_u_m * a + light.edge_v_m * b for a in steps] for b in steps]
    )
    offsets = parts - np.array([2.0, 2.5, 0.0])
    squares = (offsets**2).sum(axis=2)
    factor = (offsets[..., 2] ** 2 / squares**2).mean() * 0.36
    expected = 0.5 / np.pi * 12 * factor
    centre = radiance[29:34, 38:43].mean()
    assert centre == pytest.approx(expected, rel=0.02)


def test_furniture_casts_shadows_and_light_bounces() -> None:
    """The floor under the table is darker than beside it, but not black."""
    view = pose((2.35, 1.0, 1.9), pitch_deg=-60)
    scene = box_scene()
    white = [replace(mesh, material=Material(albedo=(0.6, 0.6, 0.6))) for mesh in scene.meshes]
    lit = render(Caster(replace(scene, meshes=tuple(white))), view, CAMERA, samples=4, seed=2)
    points_m = unprojected(lit.depth_m, view)
    floor = points_m[..., 2] < 0.01
    under = floor & (points_m[..., 1] > 2.45) & (np.abs(points_m[..., 0] - 2.35) < 0.4)
    beside = floor & (points_m[..., 1] < 2.0)
    luminance = lit.radiance.mean(axis=2)
    assert under.sum() > 5
    assert beside.sum() > 50
    assert 0.02 < np.median(luminance[under]) / np.median(luminance[beside]) < 0.7


def test_sun_shines_through_windows_only() -> None:
    """The sun makes some of the floor far brighter; without a window it has no effect."""
    with_sun = box_scene(with_window=True)
    empty = tuple(mesh for mesh in with_sun.meshes if not mesh.is_furniture)
    open_wall = tuple(mesh for mesh in empty if not np.allclose(mesh.positions_m[..., 1], 5.0))
    view = pose((2.0, 4.0, 2.2), yaw_deg=-90, pitch_deg=-50)

    def brightest(scene: Scene) -> float:
        return float(render(Caster(scene), view, CAMERA, samples=1, seed=3).radiance.max())

    sunny = replace(with_sun, meshes=open_wall)
    assert brightest(sunny) > 2 * brightest(replace(sunny, sun=None))
    closed = replace(with_sun, meshes=empty, lights=with_sun.lights[:1])
    assert brightest(closed) == brightest(replace(closed, sun=None))


def test_backdrop_is_upright() -> None:
    """The top row of a backdrop is seen at the upper edge of the window."""
    scene = box_scene(with_window=True)
    radiance = render(Caster(scene), pose((1.6, 2.0, 1.5)), CAMERA, samples=1, seed=0).radiance
    np.testing.assert_allclose(radiance[25, 41], 6.0, rtol=0.01)
    np.testing.assert_allclose(radiance[38, 41], 1.8, rtol=0.01)


def test_gloss_mirrors_the_lamp() -> None:
    """A polished floor reflects the lamp; a dull one does not."""
    view = pose((2.0, 0.6, 1.5), pitch_deg=-37)

    def brightest(gloss: float) -> float:
        floor = Material(albedo=(0.2, 0.2, 0.2), gloss=gloss)
        meshes = [replace(walls()[0], material=floor), *walls()[1:]]
        scene = scene_of(*meshes)
        return float(render(Caster(scene), view, CAMERA, samples=4, seed=3).radiance.max())

    assert brightest(0.3) > 2 * brightest(0.0)


def view_of_room(seed: int = 5) -> Rendering:
    """The view whose bytes are compared."""
    return render(Caster(box_scene(with_window=True)), TILTED, CAMERA, samples=2, seed=seed)


def test_same_seed_same_bytes_in_any_process() -> None:
    """Two renderings in this process and one in another are identical bit for bit."""
    view, again = view_of_room(), view_of_room()
    digest = hashlib.sha256(view.radiance.tobytes() + view.depth_m.tobytes()).hexdigest()
    assert view.radiance.tobytes() == again.radiance.tobytes()
    command = [sys.executable, "-c", HASH_PROGRAM]
    other = subprocess.run(command, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest


def test_seed_changes_noise_but_not_depth() -> None:
    """Depth does not depend on the seed."""
    view, other = view_of_room(), view_of_room(seed=6)
    assert view.depth_m.tobytes() == other.depth_m.tobytes()
    assert view.radiance.tobytes() != other.radiance.tobytes()
    np.testing.assert_allclose(view.radiance.mean(), other.radiance.mean(), rtol=0.05)


def test_radiance_is_finite_and_positive() -> None:
    """Light is finite and never negative."""
    radiance = view_of_room().radiance
    assert np.isfinite(radiance).all()
    assert radiance.min() >= 0
