"""Views are chosen by what they would show."""

import numpy as np
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.rooms.render.casting import Caster
from depth_unet.rooms.shots.views import choose_views, is_usable, probe
from tests.rooms.box_scene import box_scene, pose

CAMERA = Intrinsics.centred(160, 120, 130.0)


@pytest.fixture(scope="module")
def caster() -> Caster:
    """The hand-made room."""
    return Caster(box_scene())


def test_probe_of_the_room(caster: Caster) -> None:
    """A view along the room shows furniture and no gap."""
    found = probe(caster, pose((2.0, 0.6, 1.5), pitch_deg=-15), CAMERA)
    assert 2 < found.median_m < 4
    assert found.furniture > 0.1
    assert found.empty == 0
    assert is_usable(found)


def test_bare_wall_is_refused(caster: Caster) -> None:
    """One plane fills the view."""
    found = probe(caster, pose((2.0, 2.0, 1.3), yaw_deg=180), CAMERA)
    assert found.plane > 0.7
    assert not is_usable(found)


def test_view_out_of_the_room_is_refused(caster: Caster) -> None:
    """Rays that hit nothing count as empty, without depth."""
    found = probe(caster, pose((2.0, -1.0, 1.3), yaw_deg=-90), CAMERA)
    assert found.empty > 0.9
    assert not is_usable(found)


def test_something_before_the_lens_is_refused(caster: Caster) -> None:
    """A camera that touches a cupboard is not usable."""
    assert not is_usable(probe(caster, pose((3.4, 3.7, 1.0)), CAMERA))


def test_choice_is_fit_and_repeatable(caster: Caster) -> None:
    """Every chosen view is usable; the same generator gives the same views."""
    scene = box_scene()
    first, second = (
        choose_views(scene, caster, 3, np.random.default_rng(4), CAMERA) for _ in range(2)
    )
    assert len(first) == 3
    for view, again in zip(first, second, strict=True):
        assert is_usable(probe(caster, view, CAMERA))
        np.testing.assert_array_equal(view.origin_m, again.origin_m)
        np.testing.assert_array_equal(view.forward, again.forward)


def test_views_differ(caster: Caster) -> None:
    """No two views of a room share both place and direction."""
    views = choose_views(box_scene(), caster, 3, np.random.default_rng(1), CAMERA)
    for number, view in enumerate(views):
        for other in views[:number]:
            apart_m = np.linalg.norm(view.origin_m - other.origin_m)
            assert apart_m > 0.6 or view.forward @ other.forward < 0.9
