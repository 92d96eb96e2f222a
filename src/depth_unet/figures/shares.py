"""Shares of a whole as bars with names."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from depth_unet.figures.plot import BEST, label_axes, plot
from depth_unet.figures.text import FONT, INK, SMALL_PT

_LETTER_IN = 0.068


def shares(values: Mapping[str, float], *, measure: str) -> Figure:
    """Draw one bar per name, in the given order from the top, with its share in per cent.

    Args:
        values: Shares in [0, 1] by name; at least one.
        measure: What is measured.

    Returns:
        A figure with its own Agg canvas, for ``write_figure``.
    """
    left_in = min(3.0, 0.2 + _LETTER_IN * max(len(name) for name in values))
    figure, axes = plot(7.2, 0.6 + 0.32 * len(values), left_in=left_in, bottom_in=0.45)
    places = range(len(values))
    axes.barh(places, list(values.values()), height=0.55, color=BEST)
    for place, value in zip(places, values.values(), strict=True):
        axes.text(
            value + 0.01,
            place,
            f"{100 * value:.0f} %",
            va="center",
            family=FONT,
            fontsize=SMALL_PT,
            color=INK,
        )
    axes.set(xlim=(0, 1.08), ylim=(len(values) - 0.5, -0.5), yticks=places)
    axes.set_yticklabels(list(values), parse_math=False)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0], labels=["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(visible=False, axis="y")
    label_axes(axes, measure)
    return figure
