"""Curves of runs: distinguishable without colour, complete, on shared axes."""

import itertools

import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from depth_unet.errors import DataError
from depth_unet.figures.curves import COLOURS, Chart, Line, curves, run_colour

AXES = ("steps", "images")


def line(run: int, count: int = 5) -> Line:
    """A falling curve; the second axis runs twice as fast."""
    steps = tuple(float(10 * (i + 1)) for i in range(count))
    along = (steps, tuple(2 * step for step in steps))
    return Line(run=run, along=along, values=tuple(1 / (run + step) for step in steps))


def test_values_stand_where_they_were_measured() -> None:
    """Each column shows the same values against its own axis; a missing run leaves no line."""
    figure = curves(["a", "b", "c"], AXES, [Chart(title="loss", lines=(line(0), line(2)))])
    left, right = figure.axes
    for axes, column in ((left, 0), (right, 1)):
        assert len(axes.lines) == 2
        for drawn, item in zip(axes.lines, (line(0), line(2)), strict=True):
            assert tuple(drawn.get_xdata()) == item.along[column]
            assert tuple(drawn.get_ydata()) == item.values
    assert left.get_ylim() == right.get_ylim()


def test_runs_differ_by_more_than_colour() -> None:
    """Dash and marker distinguish twenty runs in grey print; neighbours differ in both."""
    runs = range(20)
    axes = curves(
        [str(run) for run in runs], AXES, [Chart(title="x", lines=tuple(map(line, runs)))]
    ).axes[0]
    styles = [(drawn.get_linestyle(), drawn.get_marker()) for drawn in axes.lines]
    assert len(set(styles)) == len(styles)
    for one, other in itertools.pairwise(styles):
        assert one[0] != other[0]
        assert one[1] != other[1]
    assert len({run_colour(run) for run in range(len(COLOURS))}) == len(COLOURS)


def test_legend_matches_the_curves() -> None:
    """Every run is named once, beside a sample with its colour, dash and marker."""
    names = ["$x$", "_hidden", "plain"]
    figure = curves(names, AXES, [Chart(title="x", lines=tuple(line(run) for run in range(3)))])
    assert [text.get_text() for text in figure.texts][:3] == names
    samples = [artist for artist in figure.artists if isinstance(artist, Line2D)]
    for sample, drawn in zip(samples, figure.axes[0].lines, strict=True):
        for name in ("color", "linestyle", "marker"):
            assert getattr(sample, f"get_{name}")() == getattr(drawn, f"get_{name}")()


@pytest.mark.parametrize("count", [1, 3])
def test_nothing_leaves_the_page(count: int) -> None:
    """Charts and all their words lie within the figure, long names too."""
    charts = [Chart(title=f"{i}", lines=(line(0, 1), line(1))) for i in range(count)]
    figure = curves(["a very long name/" * 30, "b"], AXES, charts)
    figure.draw_without_rendering()
    boxes = [artist.get_window_extent() for artist in (*figure.texts, *figure.axes)]
    boxes += [axes.get_tightbbox() for axes in figure.axes if isinstance(axes, Axes)]
    for box in boxes:
        assert box is not None
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0
        assert box.y1 <= figure.bbox.y1


def test_no_chart_is_refused() -> None:
    """An empty figure says nothing."""
    with pytest.raises(DataError, match="at least one chart"):
        curves(["a"], AXES, [])
