"""The plots of a search: drawn where the values say, for any values."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from depth_unet.errors import DataError
from depth_unet.figures.history import history
from depth_unet.figures.parallel import Upright, parallel
from depth_unet.figures.shares import shares
from depth_unet.figures.write import rendered


def lines(figure: Figure) -> list[list[float]]:
    """Heights of every line of the first axes."""
    return [list(map(float, np.asarray(line.get_ydata()))) for line in figure.axes[0].lines]


def texts(figure: Figure) -> list[str]:
    """Every text inside the first axes."""
    return [text.get_text() for text in figure.axes[0].texts]


def test_history_falls_to_the_best() -> None:
    """The line is the best so far; an empty history is an empty plot."""
    figure = history([0, 1, 3], [0.4, 0.5, 0.3], measure="AbsRel")
    assert lines(figure)[1] == [0.4, 0.4, 0.3]
    assert lines(figure)[2] == [0.3]
    assert rendered(history([], [], measure="AbsRel")).shape[2] == 3


def test_parallel_puts_values_on_their_scales() -> None:
    """Numbers stand in proportion, on log axes by factors, choices evenly; the best is on top."""
    figure = parallel(
        [
            Upright(title="a", values=(0.0, 1.0, 4.0)),
            Upright(title="b", values=(1.0, 10.0, 100.0), log=True),
            Upright(title="c", values=("x", "z", "y"), choices=("x", "y", "z")),
            Upright(title="AbsRel", values=(0.5, 0.1, 0.3)),
        ]
    )
    drawn = [line for line in lines(figure) if len(line) == 4]
    assert drawn[-1] == pytest.approx([0.25, 0.5, 1.0, 0.0])
    assert sorted(line[0] for line in drawn) == [0.0, 0.25, 1.0]
    assert {"x", "y", "z"} <= set(texts(figure))
    assert rendered(figure).std() > 0


@pytest.mark.parametrize("low", [0.4167, 5.0, 1e-5])
def test_parallel_labels_differ(low: float) -> None:
    """However near the values are to one another, no two ticks of an axis read the same."""
    ends = (low, low * 1.0002)
    figure = parallel([Upright(title=name, values=ends) for name in ("a", "b")])
    assert len(texts(figure)) > 2
    assert len(set(texts(figure))) == len(texts(figure)) / 2


def test_parallel_of_equal_values() -> None:
    """An axis on which all are equal is drawn, with its one value."""
    figure = parallel([Upright(title=name, values=(0.3, 0.3)) for name in ("a", "b")])
    assert texts(figure) == ["0.3", "0.3"]


def test_parallel_needs_values() -> None:
    """One axis, or none of a value, is refused."""
    for uprights in ([Upright(title="a", values=(1.0,))], [Upright(title="a", values=())] * 2):
        with pytest.raises(DataError):
            parallel(uprights)


def test_shares_in_order() -> None:
    """A bar per name, the first on top, as long as its share; a dollar sign is one."""
    figure = shares({"a$b$": 0.75, "c": 0.25}, measure="importance")
    axes = figure.axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.75, 0.25]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a$b$", "c"]
    assert texts(figure) == ["75 %", "25 %"]
    assert rendered(figure).std() > 0
