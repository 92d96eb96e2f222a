"""A colour bar in metres."""

from typing import Literal

import matplotlib
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from depth_unet.figures.colour import Scale
from depth_unet.figures.text import FONT, INK, SMALL_PT, line

BAR_ROOM_IN = 0.46
"""Height that a bar takes with its numbers and its label."""
_THICKNESS_IN = 0.10
_LABEL_IN = 0.38


def draw_bar(figure: Figure, scale: Scale, left_in: float, top_in: float, width_in: float) -> None:
    """Draw a horizontal bar with numbers and label; an end that pixels lie beyond is pointed.

    ``left_in`` and ``top_in`` are inches from the upper left corner of the figure.
    """
    figure_width_in, figure_height_in = figure.get_size_inches()
    axes = figure.add_axes(
        (
            left_in / figure_width_in,
            1.0 - (top_in + _THICKNESS_IN) / figure_height_in,
            width_in / figure_width_in,
            _THICKNESS_IN / figure_height_in,
        )
    )
    bar = figure.colorbar(
        ScalarMappable(Normalize(scale.low, scale.high), matplotlib.colormaps[scale.colormap]),
        cax=axes,
        orientation="horizontal",
        extend=_extend(scale),
        extendfrac=_THICKNESS_IN / width_in,
        ticks=MaxNLocator(nbins=max(3, round(width_in * 2.5)), steps=[1, 2, 5, 10]),
    )
    bar.outline.set_linewidth(0.4)
    bar.outline.set_edgecolor(INK)
    axes.tick_params(
        labelsize=SMALL_PT,
        labelcolor=INK,
        labelfontfamily=FONT,
        color=INK,
        width=0.4,
        length=2,
        pad=1.5,
    )
    line(figure, scale.label, left_in + width_in / 2, top_in + _LABEL_IN, anchor="center")


def _extend(scale: Scale) -> Literal["neither", "both", "min", "max"]:
    match scale.below, scale.above:
        case True, True:
            return "both"
        case True, False:
            return "min"
        case False, True:
            return "max"
    return "neither"
