"""A plain plot: axes of a size in inches, in the same dress as the other figures."""

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from depth_unet.figures.text import FONT, INK, SMALL_PT

BEST = "#0b66c3"
"""What the reader should see first."""
OTHER = "#6b7480"
_DPI = 200
_GRID = "#e2e5e9"


def plot(
    width_in: float, height_in: float, *, left_in: float, bottom_in: float, top_in: float = 0.12
) -> tuple[Figure, Axes]:
    """An empty plot without a frame.

    Args:
        width_in: Width of the figure, inches.
        height_in: Height of the figure, inches.
        left_in: Room for what stands left of the axes, inches.
        bottom_in: Room below them, inches.
        top_in: Room above them, inches.

    Returns:
        A figure with its own Agg canvas, and its axes.
    """
    figure = Figure((width_in, height_in), _DPI, facecolor="white")
    FigureCanvasAgg(figure)
    right = 1.0 - 0.12 / width_in
    left, bottom, top = left_in / width_in, bottom_in / height_in, 1.0 - top_in / height_in
    axes = figure.add_axes((left, bottom, right - left, top - bottom))
    for edge in axes.spines.values():
        edge.set_visible(False)
    axes.tick_params(
        length=0, labelsize=SMALL_PT, labelcolor=INK, labelfontfamily=FONT, color=_GRID
    )
    axes.grid(visible=True, color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def label_axes(axes: Axes, across: str, up: str = "") -> None:
    """Say what the axes show."""
    style = {"family": FONT, "fontsize": SMALL_PT, "color": INK}
    axes.set_xlabel(across, style)
    axes.set_ylabel(up, style)
