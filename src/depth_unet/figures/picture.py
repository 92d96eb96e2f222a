"""One depth map in colour, with its bar in metres."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.figure import Figure

from depth_unet.figures.bar import scale_of
from depth_unet.figures.colour import DEPTH_COLORMAP, colourise, depth_range, drawable
from depth_unet.figures.sheet import Sheet

_LONGEST_SIDE = 1280
_SIDE_IN = 6.0
_PANEL_SIDE_IN = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """How depth is coloured.

    Attributes:
        range_m: Nearest and farthest depth that the colours tell apart, metres; None: each map's.
        colormap: Name of a matplotlib colour map, first colour for what is near.
    """

    range_m: tuple[float, float] | None = None
    colormap: str = DEPTH_COLORMAP


OWN_RANGE = Colours()


def depth_picture(
    depth_m: Float[np.ndarray, "h w"], title: str, colours: Colours = OWN_RANGE
) -> Figure:
    """Draw a depth map under a heading, above a bar in metres.

    Args:
        depth_m: Depth, metres; 0 and non-finite pixels are drawn grey.
        title: One line under the picture, such as the photo's name.
        colours: Range and colour map.

    Returns:
        A figure with its own Agg canvas, for ``write_figure``. Maps with a side above 1280 pixels
        are drawn from evenly spaced pixels.
    """
    step = _step(depth_m.shape)
    sheet = Sheet(("predicted depth",), [depth_m[::step, ::step].shape], side_in=_SIDE_IN)
    _depth(sheet, 0, depth_m[::step, ::step], colours)
    sheet.title(0, title)
    return sheet.figure


def photo_and_depth(
    image: UInt8[np.ndarray, "h w 3"],
    depth_m: Float[np.ndarray, "h w"],
    title: str,
    colours: Colours = OWN_RANGE,
) -> Figure:
    """Draw a photo beside its depth, as ``depth_picture`` does.

    Args:
        image: RGB, 0 to 255.
        depth_m: Depth, metres; 0 and non-finite pixels are drawn grey.
        title: One line under the pictures.
        colours: Range and colour map.
    """
    step = _step(depth_m.shape)
    shape = depth_m[::step, ::step].shape
    sheet = Sheet(("photo", "predicted depth"), [shape], side_in=_PANEL_SIDE_IN)
    sheet.picture(0, 0, image[::step, ::step])
    _depth(sheet, 1, depth_m[::step, ::step], colours)
    sheet.title(0, title)
    return sheet.figure


def _depth(sheet: Sheet, column: int, shown_m: Float[np.ndarray, "h w"], colours: Colours) -> None:
    low_m, high_m = colours.range_m or depth_range(shown_m)
    valid_m = shown_m[drawable(shown_m)]
    sheet.picture(0, column, colourise(shown_m, low_m, high_m, colormap=colours.colormap))
    sheet.bar(scale_of("depth (m)", [valid_m], low_m, high_m, colours.colormap), column, column)


def _step(shape: tuple[int, ...]) -> int:
    return -(-max(shape) // _LONGEST_SIDE)
