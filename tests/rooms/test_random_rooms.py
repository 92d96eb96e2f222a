"""In random rooms, stored depth puts floors and walls on their planes."""

import numpy as np
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.images.millimetres import as_millimetres
from depth_unet.rooms.design.compose import make_scene
from depth_unet.rooms.options import Furniture
from depth_unet.rooms.render.casting import Caster
from depth_unet.rooms.render.render import pixel_rays, render
from depth_unet.rooms.scene import Pose, Scene
from depth_unet.rooms.shots.views import choose_views

CAMERA = Intrinsics(width=64, height=48, fx_px=52.0, fy_px=52.4, cx_px=32.1, cy_px=24.9)
TOLERANCE_M = 2e-3
ON_PLANE_M = 1e-5
ROOMS = [(seed, ("cc0", "boxes")[seed % 2]) for seed in range(100, 108)]
MANY_ROOMS = [(seed, ("cc0", "boxes")[seed % 2]) for seed in range(1000, 1200)]


def planes(scene: Scene) -> list[tuple[int, float]]:
    """Axis and place of the floor and of the four walls."""
    width_m, length_m, _ = scene.size_m
    return [(2, 0.0), (0, 0.0), (0, width_m), (1, 0.0), (1, length_m)]


def distances_m(scene: Scene, caster: Caster, view: Pose) -> list[np.ndarray]:
    """Distances of stored floor and wall pixels from their planes, plane by plane.

    What belongs to a plane is told by the triangle that a ray meets, not by the depth.
    """
    rays = pixel_rays(view, CAMERA)
    origins_m = np.broadcast_to(view.origin_m, rays.shape).astype(np.float32)
    hits = caster.nearest(origins_m, rays)
    corners_m = caster.arrays.positions_m.reshape(-1, 3, 3)[hits.triangle]
    depth_mm = as_millimetres(render(caster, view, CAMERA, samples=1, seed=0).depth_m).ravel()
    before_it = depth_mm / 1000 < hits.distance - 0.01  # the light of a lamp, or a window
    points_m = view.origin_m + rays.astype(np.float64) * (depth_mm / 1000)[:, None]
    found = []
    for axis, place_m in planes(scene):
        belongs = (np.abs(corners_m[..., axis] - place_m) < ON_PLANE_M).all(axis=1)
        belongs &= (hits.triangle >= 0) & ~before_it
        found.append(np.abs(points_m[belongs, axis] - place_m))
    return found


def worst_of(rooms: list[tuple[int, Furniture]]) -> tuple[float, np.ndarray]:
    """The largest distance in one view of each room, and pixels of each plane."""
    worst_m, num_pixels = 0.0, np.zeros(5, int)
    for seed, furniture in rooms:
        scene = make_scene(seed, furniture=furniture, split="train")
        caster = Caster(scene)
        for view in choose_views(scene, caster, 1, np.random.default_rng(seed), CAMERA):
            for plane, distances in enumerate(distances_m(scene, caster, view)):
                worst_m = max(worst_m, float(distances.max(initial=0)))
                num_pixels[plane] += len(distances)
    return worst_m, num_pixels


def test_floor_and_walls_lie_on_their_planes() -> None:
    """Every pixel of floor and walls, unprojected, lies on its plane to 2 mm."""
    worst_m, num_pixels = worst_of(ROOMS)
    assert worst_m < TOLERANCE_M
    assert num_pixels[0] > 100, "no floor in view"
    assert num_pixels[1:].sum() > 1000, "no walls in view"


@pytest.mark.slow
def test_floor_and_walls_of_200_rooms() -> None:
    """The same, of 200 rooms of both kinds."""
    worst_m, num_pixels = worst_of(MANY_ROOMS)
    assert worst_m < TOLERANCE_M
    assert (num_pixels > 2000).all()
