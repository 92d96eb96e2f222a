"""Draw one line of text that may hold any characters, such as a file name."""

import unicodedata
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text

FONT = "DejaVu Sans"
"""Ships with matplotlib, so figures look the same on every machine."""
INK = "#222222"
SMALL_PT = 7.5


def draw_text(
    figure: Figure,
    text: str,
    left_in: float,
    top_in: float,
    *,
    anchor: Literal["left", "center", "right"] = "left",
    size_pt: float = SMALL_PT,
    color: str = INK,
) -> Text:
    """Draw one line of plain text, placed in inches from the upper left corner of a figure.

    No character is mark-up (``$`` is a dollar sign); those that the font lacks become ``?``.
    """
    width_in, height_in = figure.get_size_inches()
    return figure.text(
        left_in / width_in,
        1.0 - top_in / height_in,
        _plain(text),
        parse_math=False,
        family=FONT,
        fontsize=size_pt,
        color=color,
        horizontalalignment=anchor,
        verticalalignment="center",
    )


def style_ticks(axes: Axes, **more: Any) -> None:
    """Give the ticks of a plot the font and the ink of all text; ``more`` is for matplotlib."""
    axes.tick_params(
        labelsize=SMALL_PT,
        labelcolor=INK,
        labelfontfamily=FONT,
        color=INK,
        width=0.4,
        length=2,
        **more,
    )


def shorten(text: Text, width_in: float) -> None:
    """Cut the middle of ``text`` until it is at most ``width_in`` inches wide."""
    figure = text.get_figure(root=True)
    assert figure is not None
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    limit_px = width_in * figure.dpi
    whole = text.get_text()
    keep = len(whole)
    while keep > 1 and (width_px := text.get_window_extent(renderer).width) > limit_px:
        keep = max(1, min(keep - 1, int(keep * limit_px / width_px)))
        text.set_text(f"{whole[: keep // 2]}…{whole[len(whole) - (keep - keep // 2) :]}")


def _plain(text: str) -> str:
    glyphs = get_font(findfont(FontProperties(family=FONT))).get_charmap()
    return "".join(
        char if ord(char) in glyphs and unicodedata.category(char) != "Cc" else "?" for char in text
    )
