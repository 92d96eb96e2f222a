"""Parallel coordinates: one upright axis per setting, one line per result."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from depth_unet.errors import DataError
from depth_unet.figures.plot import plot
from depth_unet.figures.text import FONT, INK, SMALL_PT, draw_text, shorten

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 7.2, 3.2, 0.55, 0.42, 0.16
_COLORMAP = "viridis"
_LINE = "#8b949e"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upright:
    """One axis.

    Attributes:
        title: What it shows.
        values: A number or a word per result.
        log: Whether equal factors are equally far apart; all numbers are positive then.
        choices: Every word or number that may occur, evenly spaced from the foot; none for numbers
            on a scale.
    """

    title: str
    values: tuple[float | str, ...]
    log: bool = False
    choices: tuple[float | str, ...] = ()


def parallel(uprights: Sequence[Upright]) -> Figure:
    """Draw every result as a line through its values, coloured by the last axis.

    The last axis is what was measured, lower is better: its best lines are dark and lie on top,
    the best of all is thick.

    Args:
        uprights: At least two axes of equally many values, the last one numbers.

    Returns:
        A figure with its own Agg canvas, for ``write_figure``.

    Raises:
        DataError: Fewer axes, or no value.
    """
    if len(uprights) < 2 or not uprights[-1].values:
        raise DataError("parallel coordinates need two axes with a value; found fewer")
    figure, axes = plot(_WIDTH, _HEIGHT, left_in=_LEFT, bottom_in=_BOTTOM, top_in=_TOP)
    axes.set(xlim=(0, len(uprights) - 0.88), ylim=(-0.03, 1.03), xticks=[], yticks=[])
    axes.grid(visible=False)
    heights = np.array([_heights(each) for each in uprights]).T
    order = np.argsort(-heights[:, -1], kind="stable")
    for rank, result in enumerate(order):
        is_best = rank == len(order) - 1
        axes.plot(
            range(len(uprights)),
            heights[result],
            color=matplotlib.colormaps[_COLORMAP](0.92 * heights[result, -1]),
            linewidth=2.4 if is_best else 1.0,
            alpha=1.0 if is_best else 0.75,
            clip_on=False,
        )
    room_in = (_WIDTH - _LEFT) / (len(uprights) - 0.88)
    for place, each in enumerate(uprights):
        _draw_upright(axes, place, each)
        title = draw_text(figure, each.title, _LEFT + place * room_in, 0.16, anchor="center")
        shorten(title, room_in - 0.1 if place else 2 * _LEFT)
    return figure


def _draw_upright(axes: Axes, place: int, upright: Upright) -> None:
    axes.axvline(place, color=_LINE, linewidth=1.0)
    for height, text in _ticks(upright):
        axes.text(
            place - 0.02,
            height,
            text,
            ha="right",
            va="center",
            family=FONT,
            fontsize=SMALL_PT - 1,
            color=INK,
            parse_math=False,
            bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.6},
        )


def _heights(upright: Upright) -> list[float]:
    """Where on its axis each value stands, from 0 to 1."""
    if upright.choices:
        last = max(1, len(upright.choices) - 1)
        return [upright.choices.index(value) / last for value in upright.values]
    numbers = [_scaled(float(value), upright) for value in upright.values]
    low, high = min(numbers), max(numbers)
    return [(number - low) / (high - low) if high > low else 0.5 for number in numbers]


def _ticks(upright: Upright) -> list[tuple[float, str]]:
    if upright.choices:
        last = max(1, len(upright.choices) - 1)
        return [(place / last, str(choice)) for place, choice in enumerate(upright.choices)]
    values = [float(value) for value in upright.values]
    low, high = min(values), max(values)
    if low == high:
        return [(0.5, f"{low:.3g}")]
    locator = LogLocator(subs=(1, 2, 5)) if upright.log else MaxNLocator(5)
    ticks = [float(tick) for tick in locator.tick_values(low, high) if low <= tick <= high]
    bottom, top = _scaled(low, upright), _scaled(high, upright)
    heights = [(_scaled(tick, upright) - bottom) / (top - bottom) for tick in ticks]
    return list(zip(heights, _texts(ticks), strict=True))


def _texts(numbers: Sequence[float]) -> list[str]:
    """Numbers with as few digits as tell them apart."""
    digits = range(1, 17)
    written = ([f"{number:.{count}g}" for number in numbers] for count in digits)
    return next((texts for texts in written if len(set(texts)) == len(texts)), [])


def _scaled(value: float, upright: Upright) -> float:
    return math.log(value) if upright.log else value
