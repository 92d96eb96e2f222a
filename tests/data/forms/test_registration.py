"""Depth of one camera in the pixels of another."""

import numpy as np
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.forms.registration import Pose, camera_for_depth, register

DEPTH = Intrinsics(width=80, height=60, fx_px=52, fy_px=52.5, cx_px=39, cy_px=30.5)
PHOTO = Intrinsics(width=160, height=90, fx_px=115, fy_px=115, cx_px=80.2, cy_px=44.1)
STILL = Pose(np.eye(3), np.zeros(3))


def turned(degrees: float) -> Pose:
    """A turn around the vertical axis, and a shift."""
    half = np.radians(degrees) / 2
    return Pose.from_quaternion((0, np.sin(half), 0, np.cos(half)), (-0.05, 0.01, 0.02))


def plane_mm(camera: Intrinsics, normal: np.ndarray, distance_m: float) -> np.ndarray:
    """Depth of the plane ``normal . point = distance``, seen by a camera at the origin."""
    rows, columns = np.mgrid[: camera.height, : camera.width]
    rays = np.stack(
        (
            (columns - camera.cx_px) / camera.fx_px,
            (rows - camera.cy_px) / camera.fy_px,
            np.ones(rows.shape),
        )
    )
    return distance_m / np.einsum("i,ihw->hw", normal, rays) * 1000


def test_same_camera() -> None:
    """Nothing changes, holes and edges included."""
    depth_mm = np.random.default_rng(0).integers(0, 4000, (60, 80)).astype(np.uint16)
    np.testing.assert_array_equal(register(depth_mm, DEPTH, DEPTH, STILL), depth_mm)


@pytest.mark.parametrize("degrees", [0, 4, -6])
def test_plane(degrees: float) -> None:
    """A slanted plane is seen where, and as far away as, geometry says."""
    pose, normal = turned(degrees), np.array((0.2, -0.1, 0.97))
    depth_mm = np.rint(plane_mm(DEPTH, normal, 2.0)).astype(np.uint16)
    photo = camera_for_depth(DEPTH, PHOTO)
    found = register(depth_mm, DEPTH, photo, pose)
    assert found.shape == (photo.height, photo.width)
    turned_normal = pose.rotation @ normal
    expected = plane_mm(photo, turned_normal, 2.0 + float(turned_normal @ pose.translation_m))
    seen = found > 0
    assert seen.mean() > 0.8
    # Half a pixel of a slanted plane.
    assert np.abs(found - expected)[seen].max() < 0.012 * expected.max()
    assert abs((found - expected)[seen].mean()) < 2  # most are off in the same direction


@pytest.mark.parametrize("degrees", [4, -6, 30])
def test_wall_that_faces_the_photos(degrees: float) -> None:
    """It is equally far everywhere, from whichever side its depth was measured."""
    pose = turned(degrees)
    facing = np.array((0, 0, 1.0))
    normal = pose.rotation.T @ facing
    depth_mm = np.rint(plane_mm(DEPTH, normal, 2.0)).astype(np.uint16)
    found = register(depth_mm, DEPTH, camera_for_depth(DEPTH, PHOTO), pose)
    seen = found > 0
    assert seen.mean() > 0.4
    expected = (2.0 + float(facing @ pose.translation_m)) * 1000
    assert np.abs(found - expected)[seen].max() <= 1  # both are whole millimetres
    assert abs((found - expected)[seen].mean()) < 0.2


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_camera_that_lies_on_its_side(quarters: int) -> None:
    """A camera that is turned around its axis sees the same depth turned, pixel by pixel."""
    half = np.radians(90 * quarters) / 2
    pose = Pose.from_quaternion((0, 0, np.sin(half), np.cos(half)), (0, 0, 0))
    depth_mm = np.random.default_rng(0).integers(0, 4000, (80, 80)).astype(np.uint16)
    camera = Intrinsics(width=80, height=80, fx_px=52, fy_px=52, cx_px=39.5, cy_px=39.5)
    found = register(depth_mm, camera, camera, pose)
    np.testing.assert_array_equal(found, np.rot90(depth_mm, -quarters))


def test_near_hides_far() -> None:
    """A near square in front of a wall, seen from the left, hides the wall behind it."""
    depth_mm = np.full((60, 80), 3000, np.uint16)
    depth_mm[20:40, 30:50] = 1000
    pose = Pose(np.eye(3), np.array((0.1, 0, 0)))
    found = register(depth_mm, DEPTH, DEPTH, pose)
    near = np.round(0.1 / 1.0 * DEPTH.fx_px)  # 5.2 pixels to the right
    assert (found[20:40, 30 + int(near) + 1 : 50 + int(near) - 1] == 1000).all()
    uncovered = found[20:40, 33:35]
    assert not uncovered.any()  # what the square hid from the first camera


def test_poses() -> None:
    """A motion and its inverse are none; motions are applied in the order that is written."""
    pose = turned(30)
    both = pose.inverse().after(pose)
    np.testing.assert_allclose(both.rotation, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(both.translation_m, 0, atol=1e-12)
    quarter = Pose.from_quaternion((0, 0, np.sqrt(0.5), np.sqrt(0.5)), (1, 0, 0))
    point = np.array((1.0, 0, 0))
    np.testing.assert_allclose(quarter.rotation @ point + quarter.translation_m, (1, 1, 0))
    twice = quarter.after(quarter)
    np.testing.assert_allclose(twice.rotation @ point + twice.translation_m, (0, 1, 0), atol=1e-12)


def test_pixels_as_large() -> None:
    """Photos of a longer lens are reduced until their focal length is that of depth."""
    camera = camera_for_depth(DEPTH, PHOTO)
    assert camera.fx_px == pytest.approx(DEPTH.fx_px, rel=0.01)
    assert camera.width / camera.height == pytest.approx(16 / 9, rel=0.02)  # whole pixels
