"""A strip under a moving picture that says what its colours mean."""

import numpy as np
from jaxtyping import UInt8
from matplotlib.figure import Figure

from depth_unet.figures.bar import BAR_ROOM_IN, Scale, draw_bar
from depth_unet.figures.write import rendered

NARROWEST_PX = 200
_USUAL_IN = 9.0
_LEAST_DPI = 80.0
_GAP_IN = 0.07
_MARGIN_IN = 0.15


def depth_legend(width: int, scale: Scale) -> UInt8[np.ndarray, "h width 3"]:
    """Draw a colour bar as a strip.

    Args:
        width: Columns, pixels.
        scale: What it shows.

    Returns:
        RGB with an even number of rows; without rows where the strip would be too narrow to read.
    """
    if width < NARROWEST_PX:
        return np.empty((0, width, 3), np.uint8)
    dpi = max(_LEAST_DPI, width / _USUAL_IN)
    width_in, height_in = width / dpi, 2 * round((BAR_ROOM_IN + _GAP_IN) * dpi / 2) / dpi
    figure = Figure((width_in, height_in), dpi, facecolor="white")
    draw_bar(figure, scale, _MARGIN_IN, _GAP_IN, width_in - 2 * _MARGIN_IN)
    strip = rendered(figure)
    return np.pad(strip, ((0, 0), (0, max(0, width - strip.shape[1])), (0, 0)), "edge")[:, :width]
