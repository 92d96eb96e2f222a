"""Results in the order in which they came, and the best so far."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from depth_unet.figures.plot import BEST, OTHER, label_axes, plot


def history(numbers: Sequence[int], scores: Sequence[float], *, measure: str) -> Figure:
    """Draw each result as a dot and the best so far as a falling line.

    Args:
        numbers: When each result came; ascending.
        scores: The results, lower is better, finite.
        measure: What is measured.

    Returns:
        A figure with its own Agg canvas, for ``write_figure``; without dots for no results.
    """
    figure, axes = plot(7.2, 2.5, left_in=0.62, bottom_in=0.45)
    axes.plot(numbers, scores, "o", color=OTHER, markersize=4.5, clip_on=False)
    axes.step(numbers, np.minimum.accumulate(scores) if scores else [], where="post", color=BEST)
    if scores:
        first = int(np.argmin(scores))
        axes.plot(numbers[first], scores[first], "o", color=BEST, markersize=7, clip_on=False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_axes(axes, "trial", measure)
    return figure
