"""One depth map in colour, with its bar in metres."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from depth_unet.figures.bar import scale_of
from depth_unet.figures.colour import DEPTH_COLORMAP, colourise, depth_range, drawable
from depth_unet.figures.sheet import Sheet

_LONGEST_SIDE = 1280
_SIDE_IN = 6.0


def depth_picture(depth_m: Float[np.ndarray, "h w"], title: str) -> Figure:
    """Draw a depth map in its own range, under a heading, above a bar in metres.

    Args:
        depth_m: Depth, metres; 0 and non-finite pixels are drawn grey.
        title: One line under the picture, such as the photo's name.

    Returns:
        A figure with its own Agg canvas, for ``write_figure``. Maps with a side above 1280 pixels
        are drawn from evenly spaced pixels.
    """
    step = -(-max(depth_m.shape) // _LONGEST_SIDE)
    shown_m = depth_m[::step, ::step]
    low_m, high_m = depth_range(shown_m)
    valid_m = shown_m[drawable(shown_m)]
    sheet = Sheet(("predicted depth",), [shown_m.shape], side_in=_SIDE_IN)
    sheet.picture(0, 0, colourise(shown_m, low_m, high_m))
    sheet.title(0, title)
    sheet.bar(scale_of("depth (m)", [valid_m], low_m, high_m, DEPTH_COLORMAP), 0, 0)
    return sheet.figure
