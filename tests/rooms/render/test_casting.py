"""Rays give exact distances, shadows and materials."""

import numpy as np
import pytest

from depth_unet.rooms.render.casting import Caster
from depth_unet.rooms.render.scene_arrays import TEXTURE_TEXELS, flatten
from tests.rooms.box_scene import box_scene


@pytest.fixture(scope="module")
def caster() -> Caster:
    """The hand-made room."""
    return Caster(box_scene())


def test_nearest_distance_is_in_lengths_of_the_direction(caster: Caster) -> None:
    """A direction of length 2 halves the distance."""
    origins_m = np.array([[1, 1, 1.5], [1, 1, 1.5]], np.float32)
    hits = caster.nearest(origins_m, np.array([[0, 0, -1], [0, 0, -2]], np.float32))
    np.testing.assert_allclose(hits.distance, [1.5, 0.75], rtol=1e-6)


def test_ray_that_leaves_meets_no_triangle(caster: Caster) -> None:
    """Rays outside the room hit nothing."""
    hits = caster.nearest(np.array([[0, 0, 9]], np.float32), np.array([[0, 0, 1]], np.float32))
    assert hits.triangle[0] == -1


def test_occlusion_ends_at_the_distance(caster: Caster) -> None:
    """Surfaces behind a light cast no shadow from it."""
    origins_m = np.array([[1, 1, 1.5]] * 2, np.float32)
    directions = np.array([[0, 0, -1]] * 2, np.float32)
    found = caster.occluded(origins_m, directions, np.array([1.4, 1.6], np.float32))
    assert found.tolist() == [False, True]


def test_no_rays_are_no_error(caster: Caster) -> None:
    """An image without surfaces sends no shadow rays."""
    nothing = np.zeros((0, 3), np.float32)
    assert len(caster.occluded(nothing, nothing, np.zeros(0, np.float32))) == 0


def test_textures_are_stored_once() -> None:
    """Meshes that share a texture share its pyramid; plain ones have none."""
    scene = box_scene()
    flat = flatten(scene)
    assert len(flat.surfaces.texels) == TEXTURE_TEXELS
    assert flat.surfaces.texture.tolist().count(0) == 1
    assert flat.is_furniture.sum() == 4 * 12


def test_texel_density() -> None:
    """The floor repeats its 256 texels every metre."""
    np.testing.assert_allclose(flatten(box_scene()).surfaces.texels_per_m[:2], 256, rtol=1e-5)
