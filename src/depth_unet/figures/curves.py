"""Curves of several runs, which differ in colour, dash and marker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, MaxNLocator

from depth_unet.errors import DataError
from depth_unet.figures.text import INK, draw_text, shorten, style_ticks

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7f7f7f")
"""Okabe and Ito's colours, which readers with colour blindness can distinguish, without yellow and
black: the rest has contrast on white and on dark paper."""
_DASHES = ("-", "--", "-.", ":")
_WIDTHS_PT = (2.2, 1.5, 1.3, 1.3)  # per dash: a solid line below shows through the gaps
_MARKERS = ("o", "s", "^", "D", "v")

_DPI = 200
# Inches.
_WIDTH, _CHART, _LEFT, _GAP, _RIGHT = 8.6, 1.75, 0.62, 0.28, 0.12
_LEGEND_LINE, _TITLE, _FOOT, _SAMPLE = 0.19, 0.26, 0.46, 0.5
_MOST_MARKERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The values of one run.

    Attributes:
        run: Its position among the names, which decides its style.
        along: The position of every value, for each horizontal axis.
        values: The values.
    """

    run: int
    along: tuple[tuple[float, ...], ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One quantity.

    Attributes:
        title: The quantity with its unit, and an arrow towards better values.
        lines: The runs that recorded it.
    """

    title: str
    lines: tuple[Line, ...]


def run_colour(run: int) -> str:
    """The colour of the run at a position, in every figure and table."""
    return COLOURS[run % len(COLOURS)]


def curves(names: Sequence[str], axes_titles: Sequence[str], charts: Sequence[Chart]) -> Figure:
    """Draw one row per chart and one column per horizontal axis, under one legend.

    Args:
        names: The runs, for the legend.
        axes_titles: Titles of the horizontal axes.
        charts: At least one; the columns of a row share their vertical axis.

    Returns:
        A figure with its own Agg canvas, for ``write_figure``.

    Raises:
        DataError: No chart.
    """
    if not charts:
        raise DataError("a figure of curves needs at least one chart; found none")
    top_in = _LEGEND_LINE * len(names) + 0.1
    height_in = top_in + len(charts) * (_TITLE + _CHART + _FOOT)
    figure = Figure((_WIDTH, height_in), _DPI, facecolor="white")
    FigureCanvasAgg(figure)
    _legend(figure, names)
    for row, chart in enumerate(charts):
        row_top_in = top_in + row * (_TITLE + _CHART + _FOOT)
        draw_text(figure, chart.title, _LEFT, row_top_in + _TITLE / 2, size_pt=8.5)
        _row(figure, chart, axes_titles, row_top_in + _TITLE)
    return figure


def _row(figure: Figure, chart: Chart, axes_titles: Sequence[str], top_in: float) -> None:
    width_in, height_in = figure.get_size_inches()
    columns = len(axes_titles)
    chart_in = (width_in - _LEFT - _RIGHT - (columns - 1) * _GAP) / columns
    first: Axes | None = None
    for column, title in enumerate(axes_titles):
        left_in = _LEFT + column * (chart_in + _GAP)
        box = (
            left_in / width_in,
            1 - (top_in + _CHART) / height_in,
            chart_in / width_in,
            _CHART / height_in,
        )
        axes = figure.add_axes(box, sharey=first)
        for item in chart.lines:
            axes.plot(item.along[column], item.values, **_style(item))
        _style_axes(axes, numbers=first is None)
        first = first or axes
        draw_text(figure, title, left_in + chart_in / 2, top_in + _CHART + 0.3, anchor="center")


def _style_axes(axes: Axes, *, numbers: bool) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=True))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.set_xlim(left=0)
    axes.grid(color="#e3e3e3", linewidth=0.5)
    axes.set_axisbelow(True)
    style_ticks(axes, labelleft=numbers)
    for name, edge in axes.spines.items():
        edge.set(linewidth=0.4, color=INK, visible=name in ("left", "bottom"))


def _legend(figure: Figure, names: Sequence[str]) -> None:
    """One line per run. matplotlib's own legend would interpret ``$`` and a leading ``_``."""
    width_in, height_in = figure.get_size_inches()
    for run, name in enumerate(names):
        top_in = 0.1 + _LEGEND_LINE * (run + 0.5)
        ends = np.array((_LEFT, _LEFT + _SAMPLE / 2, _LEFT + _SAMPLE)) / width_in
        sample = Line2D(ends, [1 - top_in / height_in] * 3, transform=figure.transFigure)
        sample.set(**_style(Line(run=run, along=(), values=())))
        sample.set_markevery([1])
        figure.add_artist(sample)
        text = draw_text(figure, name, _LEFT + _SAMPLE + 0.1, top_in, size_pt=8.5)
        shorten(text, width_in - _LEFT - _SAMPLE - 0.2)


def _style(item: Line) -> dict[str, Any]:
    return {
        "color": run_colour(item.run),
        "linestyle": _DASHES[item.run % len(_DASHES)],
        "marker": _MARKERS[item.run % len(_MARKERS)],
        "markersize": 3.2,
        "markevery": max(1, len(item.values) // _MOST_MARKERS),
        "linewidth": _WIDTHS_PT[item.run % len(_WIDTHS_PT)],
    }
