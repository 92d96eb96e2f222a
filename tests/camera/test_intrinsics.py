"""Cameras of resized, cropped and mirrored pictures."""

import math

import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import DataError

CAMERA = Intrinsics(width=640, height=480, fx_px=520.0, fy_px=519.0, cx_px=325.5, cy_px=253.5)


def test_centred_camera_looks_through_the_middle() -> None:
    """The middle of a picture of even size lies between its two central pixels."""
    camera = Intrinsics.centred(4, 3, 2.0)
    assert (camera.cx_px, camera.cy_px) == (1.5, 1.0)
    assert (camera.fx_px, camera.fy_px) == (2.0, 2.0)
    assert (camera.width, camera.height) == (4, 3)


@pytest.mark.parametrize("size", [(640, 480), (480, 640)])
def test_field_of_view_by_hand(size: tuple[int, int]) -> None:
    """The longer side covers it, however the photo was held."""
    camera = Intrinsics.from_fov(*size, 60.0)
    assert camera.fx_px == camera.fy_px == pytest.approx(320 * math.sqrt(3))
    assert 2 * math.degrees(math.atan(max(size) / 2 / camera.fx_px)) == pytest.approx(60)
    assert (camera.width, camera.height) == size


def test_resized_by_hand() -> None:
    """Edges, not pixel centres, keep their place: column -0.5 stays column -0.5."""
    half = CAMERA.resized(320, 120)
    assert (half.width, half.height) == (320, 120)
    assert (half.fx_px, half.fy_px) == (260.0, 519.0 / 4)
    assert (half.cx_px, half.cy_px) == (162.5, 63.0)
    edge = Intrinsics(width=8, height=8, fx_px=1.0, fy_px=1.0, cx_px=-0.5, cy_px=7.5)
    assert (edge.resized(3, 5).cx_px, edge.resized(3, 5).cy_px) == (-0.5, 4.5)


def test_cropped_by_hand() -> None:
    """A crop moves the axis and leaves the focal length, in pixels, alone."""
    part = CAMERA.cropped(100, 50, 200, 300)
    assert part == Intrinsics(
        width=200, height=300, fx_px=520.0, fy_px=519.0, cx_px=225.5, cy_px=203.5
    )


def test_flipped_by_hand() -> None:
    """The mirror image has its axis as far from the right edge as it was from the left."""
    mirror = CAMERA.flipped()
    assert (mirror.cx_px, mirror.cy_px) == (313.5, 253.5)
    assert (mirror.fx_px, mirror.fy_px) == (520.0, 519.0)
    assert mirror.flipped() == CAMERA


def test_assumed_camera_of_a_turned_photo() -> None:
    """A portrait photo is a turned landscape one: the longer side sets the focal length."""
    assert Intrinsics.assumed(640, 480, 0.75) == Intrinsics.centred(640, 480, 480.0)
    assert Intrinsics.assumed(480, 640, 0.75) == Intrinsics.centred(480, 640, 480.0)


@pytest.mark.parametrize(("width", "height"), [(0, 480), (640, -1), (0.5, 480)])
def test_images_have_pixels(width: int, height: int) -> None:
    """An image of less than a pixel has no camera; in tests the types are checked first."""
    with pytest.raises((DataError, TypeError)):
        Intrinsics.centred(width, height, 500.0)


@pytest.mark.parametrize("field", ["fx_px", "fy_px", "cx_px", "cy_px"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_cameras_are_finite(field: str, value: float) -> None:
    """Non-finite intrinsics are refused when the camera is made."""
    values = {"fx_px": 1.0, "fy_px": 1.0, "cx_px": 0.0, "cy_px": 0.0} | {field: value}
    with pytest.raises(DataError, match="correct the intrinsics"):
        Intrinsics(width=4, height=4, **values)


@pytest.mark.parametrize("field", ["fx_px", "fy_px"])
@pytest.mark.parametrize("value", [0.0, -500.0])
def test_focal_lengths_are_positive(field: str, value: float) -> None:
    """A focal length that is not positive is refused."""
    values = {"fx_px": 1.0, "fy_px": 1.0, "cx_px": 0.0, "cy_px": 0.0} | {field: value}
    with pytest.raises(DataError, match="positive"):
        Intrinsics(width=4, height=4, **values)
