"""A sheet: rows of pictures under headings, a title under each row, colour bars at the bottom."""

from collections.abc import Sequence
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from depth_unet.arrays import UInt8
from depth_unet.errors import DataError
from depth_unet.figures.colour import Scale
from depth_unet.figures.text import INK, draw_text, shorten, style_ticks

_DPI = 200
# Inches. A column narrower than _NARROWEST would not hold its heading and bar.
_NARROWEST = 1.2
_MARGIN, _COLUMN_GAP, _ROW_GAP, _BAR_GAP = 0.08, 0.06, 0.08, 0.07
_HEADING, _TITLE = 0.24, 0.20
_BAR_INSET, _BAR_THICKNESS, _BAR_LABEL, _BAR_HEIGHT = 0.12, 0.10, 0.38, 0.46
_FRAME = "#bbbbbb"


class Sheet:
    """A figure laid out in inches, so that text and gaps keep their size for any row count.

    Attributes:
        figure: The figure, with its own Agg canvas.
    """

    def __init__(
        self,
        headings: Sequence[str],
        shapes: Sequence[tuple[int, int]],
        *,
        side_in: float = 2.2,
    ) -> None:
        """Lay out one column per heading and one row per shape.

        Args:
            headings: Text above each column.
            shapes: Height and width of the pictures of each row, pixels; only their ratio counts.
            side_in: Length of the longer side of each picture, inches.

        Raises:
            DataError: There is no row.
        """
        if not shapes:
            raise DataError("a figure needs at least one row of pictures; found none")
        sizes = [(side_in * w / max(h, w), side_in * h / max(h, w)) for h, w in shapes]
        self._column = max(_NARROWEST, *(width for width, _ in sizes))
        self._heights = [height for _, height in sizes]
        self._bars_top = self._top(len(sizes)) - _ROW_GAP + _BAR_GAP
        width = self._left(len(headings)) - _COLUMN_GAP + _MARGIN
        self.figure = Figure((width, self._bars_top + _BAR_HEIGHT), _DPI, facecolor="white")
        FigureCanvasAgg(self.figure)
        for column, heading in enumerate(headings):
            centre = self._left(column) + self._column / 2
            text = draw_text(
                self.figure, heading, centre, _HEADING / 2, anchor="center", size_pt=8.5
            )
            shorten(text, self._column)

    def cell(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of a cell, in fractions of the figure."""
        width, height = self.figure.get_size_inches()
        return (
            self._left(column) / width,
            1.0 - (self._top(row) + self._heights[row]) / height,
            self._column / width,
            self._heights[row] / height,
        )

    def picture(self, row: int, column: int, rgb: UInt8[np.ndarray, "h w 3"]) -> None:
        """Draw a whole picture in its cell, in its own aspect ratio."""
        axes = self.figure.add_axes(self.cell(row, column))
        axes.imshow(rgb, interpolation="antialiased")
        axes.set(xticks=[], yticks=[])
        for edge in axes.spines.values():
            edge.set(linewidth=0.4, color=_FRAME)

    def title(self, row: int, text: str, *, columns: int = 0) -> None:
        """Write a title under a row, at most as wide as the first columns (0: as the figure)."""
        width = float(self.figure.get_size_inches()[0]) - 2 * _MARGIN
        if columns:
            width = self._left(columns) - _COLUMN_GAP - _MARGIN
        shorten(draw_text(self.figure, text, _MARGIN, self._title_top(row)), width)

    def caption(self, row: int, column: int, text: str) -> None:
        """Write a line under one cell, at most as wide as the cell; a title has the same place."""
        centre = self._left(column) + self._column / 2
        shorten(
            draw_text(self.figure, text, centre, self._title_top(row), anchor="center"),
            self._column,
        )

    def bar(self, scale: Scale, first: int, last: int) -> None:
        """Draw a colour bar at the bottom, under columns ``first`` to ``last``."""
        left = self._left(first) + _BAR_INSET
        width = self._left(last) + self._column - _BAR_INSET - left
        _draw_bar(self.figure, scale, left, self._bars_top, width)

    def _left(self, column: int) -> float:
        return _MARGIN + column * (self._column + _COLUMN_GAP)

    def _title_top(self, row: int) -> float:
        return self._top(row) + self._heights[row] + 0.45 * _TITLE

    def _top(self, row: int) -> float:
        return _HEADING + sum(self._heights[:row]) + row * (_TITLE + _ROW_GAP)


def _draw_bar(figure: Figure, scale: Scale, left_in: float, top_in: float, width_in: float) -> None:
    """Draw a bar with numbers and label; an end is pointed if pixels lie beyond it.

    ``left_in`` and ``top_in`` are inches from the upper left corner of the figure.
    """
    figure_width_in, figure_height_in = figure.get_size_inches()
    axes = figure.add_axes(
        (
            left_in / figure_width_in,
            1.0 - (top_in + _BAR_THICKNESS) / figure_height_in,
            width_in / figure_width_in,
            _BAR_THICKNESS / figure_height_in,
        )
    )
    bar = figure.colorbar(
        ScalarMappable(Normalize(scale.low, scale.high), matplotlib.colormaps[scale.colormap]),
        cax=axes,
        orientation="horizontal",
        extend=_extend(scale),
        extendfrac=_BAR_THICKNESS / width_in,
        ticks=MaxNLocator(nbins=max(3, round(width_in * 2.5)), steps=[1, 2, 5, 10]),
    )
    bar.outline.set_linewidth(0.4)
    bar.outline.set_edgecolor(INK)
    style_ticks(axes, pad=1.5)
    draw_text(figure, scale.label, left_in + width_in / 2, top_in + _BAR_LABEL, anchor="center")


def _extend(scale: Scale) -> Literal["neither", "both", "min", "max"]:
    if scale.below and scale.above:
        return "both"
    if scale.below:
        return "min"
    return "max" if scale.above else "neither"
