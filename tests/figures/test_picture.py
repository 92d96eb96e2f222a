"""Pictures of one depth map: its colours, its size, its text."""

import numpy as np
import pytest

from depth_unet.figures.colour import colourise
from depth_unet.figures.picture import Colours, depth_picture

RAMP_M = np.linspace(1, 4, 640 * 480, dtype=np.float32).reshape(480, 640)
COLOURS = Colours(range_m=(1.0, 4.0), colormap="turbo_r")


def test_every_pixel_is_drawn() -> None:
    """The picture holds the colours of the depth map, each pixel enlarged by the same factor."""
    picture = np.asarray(depth_picture(RAMP_M, "room.jpg", COLOURS))
    painted = colourise(RAMP_M, 1.0, 4.0, colormap="turbo_r")
    top, left = 40, 20
    shown = picture[top : top + 960, left : left + 1280]
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        np.testing.assert_array_equal(shown[row::2, column::2], painted)


def test_photo_beside_depth() -> None:
    """A photo is drawn at the left of its depth, pixel by pixel."""
    photo = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    picture = np.asarray(depth_picture(RAMP_M, "room.jpg", COLOURS, photo))
    np.testing.assert_array_equal(picture[40:520, 20:660], photo)
    painted = colourise(RAMP_M, 1.0, 4.0, colormap="turbo_r")
    np.testing.assert_array_equal(picture[40:520, 680:1320], painted)


@pytest.mark.parametrize("shape", [(1, 1), (200, 50), (60, 300), (1300, 2600)])
def test_sizes(shape: tuple[int, int]) -> None:
    """Maps of any shape become pictures of about one size."""
    picture = depth_picture(np.full(shape, 2, np.float32), "a")
    assert 400 <= picture.width <= 1340
    assert picture.height <= 1500


@pytest.mark.parametrize("title", ["x" * 500, "a\nb\x00", "$x$ \u6f22", ""])
def test_titles(title: str) -> None:
    """A title is one line of plain text; it does not widen the picture."""
    assert depth_picture(RAMP_M, title).size == depth_picture(RAMP_M, "a").size


def test_without_depth() -> None:
    """A map of holes is grey."""
    picture = np.asarray(depth_picture(np.zeros((480, 640), np.float32), "a"))
    assert (picture[40:1000, 20:1300] == 160).all()
