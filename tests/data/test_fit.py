"""Frames of another aspect ratio are cut, never squeezed."""

import numpy as np
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.fit import centre_crop, crop_border, fit_camera, fit_frame
from depth_unet.data.source import Frame

WHOLE_4_3 = [(480, 640), (120, 160), (96, 128)]


@pytest.mark.parametrize("size", WHOLE_4_3)
def test_same_aspect_keeps_everything(size: tuple[int, int]) -> None:
    """Where the aspect ratios agree, nothing is cut off."""
    assert centre_crop(480, 640, *size) == (slice(0, 480), slice(0, 640))


@pytest.mark.parametrize(
    ("old", "rows", "columns"),
    [
        ((480, 800), (0, 480), (80, 720)),
        ((600, 640), (60, 540), (0, 640)),
        ((640, 480), (140, 500), (0, 480)),
        ((1, 1000), (0, 1), (499, 500)),
        ((1000, 1), (499, 500), (0, 1)),
    ],
)
def test_margins_by_hand(
    old: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    """Wider frames lose left and right equally, higher ones top and bottom; a pixel remains."""
    assert centre_crop(*old, 96, 128) == (slice(*rows), slice(*columns))


def test_squares_stay_squares() -> None:
    """A wide frame is not distorted, and photo and depth stay aligned."""
    image, depth_mm = np.zeros((96, 256, 3), np.uint8), np.full((96, 256), 1000, np.uint16)
    image[40:56, 120:136], depth_mm[40:56, 120:136] = 255, 2000
    camera = Intrinsics(width=256, height=96, fx_px=100, fy_px=100, cx_px=127.5, cy_px=47.5)
    fitted = fit_frame(Frame(image=image, depth_mm=depth_mm, intrinsics=camera), 48, 64)
    near, photo = fitted.depth_mm == 2000, fitted.image[..., 0] == 255
    assert np.array_equal(near, photo)
    assert near.any(axis=1).sum() == near.any(axis=0).sum() == 8


def test_camera_follows_the_cut() -> None:
    """Focal lengths scale with the image, and a 3D point stays at the pixel that shows it."""
    camera = Intrinsics(width=800, height=480, fx_px=500, fy_px=510, cx_px=410, cy_px=230)
    fitted = fit_camera(camera, 96, 128)
    assert (fitted.width, fitted.height) == (128, 96)
    assert (fitted.fx_px, fitted.fy_px) == (100, 102)
    assert fitted.cx_px == pytest.approx((410 - 80 + 0.5) / 5 - 0.5)
    assert fitted.cy_px == pytest.approx((230 + 0.5) / 5 - 0.5)


def bordered(border_px: int) -> Frame:
    """A white border around a dark scene of 60x80 pixels, whose depth is valid inside."""
    image, depth_mm = np.full((60, 80, 3), 255, np.uint8), np.zeros((60, 80), np.uint16)
    inside = slice(border_px, -border_px or None)
    image[inside, inside], depth_mm[inside, inside] = 40, 2000
    camera = Intrinsics(width=80, height=60, fx_px=70, fy_px=71, cx_px=40, cy_px=29)
    return Frame(image=image, depth_mm=depth_mm, intrinsics=camera, border_px=border_px)


def test_border_is_cut_off() -> None:
    """No white remains, depth is valid everywhere, and the optical axis does not move."""
    inner = crop_border(bordered(3))
    assert inner.image.shape == (54, 74, 3)
    assert inner.image.max() == 40
    assert inner.depth_mm.all()
    assert inner.border_px == 0
    assert inner.intrinsics == Intrinsics(
        width=74, height=54, fx_px=70, fy_px=71, cx_px=37, cy_px=26
    )


def test_without_a_border_nothing_is_cut() -> None:
    """A frame without a border comes back as it is."""
    frame = bordered(0)
    assert crop_border(frame) is frame


@pytest.mark.parametrize("size", [(30, 40), (23, 31), (45, 60), (60, 60)])
def test_border_follows_the_size(size: tuple[int, int]) -> None:
    """A resize scales the border, so that cropping it leaves no white."""
    fitted = fit_frame(bordered(6), *size)
    assert 0 < fitted.border_px <= 6 * max(size[0] / 60, size[1] / 60) + 1
    assert crop_border(fitted).image.max() == 40
