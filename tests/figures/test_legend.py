"""The strip under a video that explains its colours."""

import numpy as np
import pytest

from depth_unet.figures.colour import DEPTH_COLORMAP, Scale
from depth_unet.figures.legend import NARROWEST_PX, depth_legend

SCALE = Scale(
    label="depth (m)", low=0.5, high=6.0, colormap=DEPTH_COLORMAP, below=False, above=True
)


@pytest.mark.parametrize("width", [NARROWEST_PX, 641, 1280, 3840])
def test_strip(width: int) -> None:
    """As wide as asked for, of even height, with near on the left as the colours have it."""
    strip = depth_legend(width, SCALE)
    assert strip.shape[1:] == (width, 3)
    assert strip.shape[0] % 2 == 0
    assert 20 < strip.shape[0] < max(60, width / 8)
    light = strip.astype(int).sum(-1)
    assert (light[:, width // 4] > light[:, 3 * width // 4] + 100).any()  # near is bright


def test_no_strip_where_none_can_be_read() -> None:
    """A narrow video has none."""
    assert depth_legend(NARROWEST_PX - 1, SCALE).shape == (0, NARROWEST_PX - 1, 3)
    assert depth_legend(64, SCALE).dtype == np.uint8
