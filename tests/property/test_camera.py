"""Projection and its inverse agree however a picture is resized, cropped and mirrored."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depth_unet.camera.intrinsics import Intrinsics
from tests.cameras import cameras

REL = ABS = 1e-9
sides = st.integers(2, 4000)
points = st.tuples(st.floats(-20, 20), st.floats(-20, 20), st.floats(0.1, 50)).map(np.array)


class Change(NamedTuple):
    """What happens to the camera, to a pixel of the picture, and to a point in space."""

    camera: Callable[[Intrinsics], Intrinsics]
    pixel: Callable[[np.ndarray, Intrinsics], np.ndarray]
    point: Callable[[np.ndarray], np.ndarray]


def project(camera: Intrinsics, point: np.ndarray) -> np.ndarray:
    """Column and row at which a point (x right, y down, z along the axis; metres) is seen."""
    focal, centre = _focal_and_centre(camera)
    return focal * point[:2] / point[2] + centre


def unproject(camera: Intrinsics, pixel: np.ndarray, depth_m: float) -> np.ndarray:
    """The point that is seen at a pixel at a depth along the optical axis."""
    focal, centre = _focal_and_centre(camera)
    return depth_m * np.append((pixel - centre) / focal, 1.0)


def _focal_and_centre(camera: Intrinsics) -> tuple[np.ndarray, np.ndarray]:
    return np.array((camera.fx_px, camera.fy_px)), np.array((camera.cx_px, camera.cy_px))


def resizing(width: int, height: int) -> Change:
    """To another size: edges keep their place, and pixel centres lie half a pixel inside them."""

    def moved(pixel: np.ndarray, old: Intrinsics) -> np.ndarray:
        return (pixel + 0.5) * (width / old.width, height / old.height) - 0.5

    return Change(lambda camera: camera.resized(width, height), moved, lambda point: point)


def cropping(left: int, top: int) -> Change:
    """Cut off columns and rows at the left and at the top."""
    return Change(
        lambda camera: camera.cropped(left, top, camera.width, camera.height),
        lambda pixel, _old: pixel - (left, top),
        lambda point: point,
    )


def mirroring() -> Change:
    """Exchange left and right, in the picture and in space."""
    return Change(
        Intrinsics.flipped,
        lambda pixel, old: np.array((old.width - 1 - pixel[0], pixel[1])),
        lambda point: point * (-1, 1, 1),
    )


changes = st.one_of(
    st.builds(resizing, sides, sides),
    st.builds(cropping, st.integers(-500, 500), st.integers(-500, 500)),
    st.just(mirroring()),
)


@given(camera=cameras(sides), chain=st.lists(changes, max_size=4), point=points)
def test_picture_and_camera_change_together(
    camera: Intrinsics, chain: list[Change], point: np.ndarray
) -> None:
    """The changed camera sees the point where the changed picture shows it."""
    pixel = project(camera, point)
    for change in chain:
        pixel, point, camera = (
            change.pixel(pixel, camera),
            change.point(point),
            change.camera(camera),
        )
    assert project(camera, point) == pytest.approx(pixel, rel=REL, abs=1e-6)


@given(camera=cameras(sides), chain=st.lists(changes, max_size=4), point=points)
def test_unproject_inverts_project_through_changes(
    camera: Intrinsics, chain: list[Change], point: np.ndarray
) -> None:
    """A pixel carried through any changes, with its depth, gives back the point it showed."""
    pixel, depth_m = project(camera, point), point[2]
    for change in chain:
        pixel, point, camera = (
            change.pixel(pixel, camera),
            change.point(point),
            change.camera(camera),
        )
    assert unproject(camera, pixel, depth_m) == pytest.approx(point, rel=1e-6, abs=1e-6)


@given(camera=cameras(sides))
def test_changes_undo_each_other(camera: Intrinsics) -> None:
    """Twice mirrored, there and back resized, cropped and extended again: the same camera."""
    doubled = camera.resized(camera.width * 2, camera.height * 2)
    for same in (
        camera.flipped().flipped(),
        doubled.resized(camera.width, camera.height),
        camera.cropped(7, 9, 20, 20).cropped(-7, -9, camera.width, camera.height),
    ):
        assert _focal_and_centre(same)[0] == pytest.approx(_focal_and_centre(camera)[0], rel=REL)
        assert _focal_and_centre(same)[1] == pytest.approx(_focal_and_centre(camera)[1], abs=1e-6)
        assert (same.width, same.height) == (camera.width, camera.height)


@given(camera=cameras(sides), left=st.integers(0, 99), width=sides, height=sides)
def test_crop_then_resize_is_the_zoomed_camera(
    camera: Intrinsics, left: int, width: int, height: int
) -> None:
    """A crop to 1/z of the sides, resized back, multiplies the focal length by z."""
    zoom_x = camera.width / width
    crop = camera.cropped(left, left, width, height).resized(camera.width, camera.height)
    assert crop.fx_px == pytest.approx(camera.fx_px * zoom_x, rel=REL, abs=ABS)
    assert crop.fy_px == pytest.approx(camera.fy_px * camera.height / height, rel=REL, abs=ABS)
