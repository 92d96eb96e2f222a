"""Predictions of several networks: one scale, whole rows, each with its caption."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from depth_unet.errors import DataError
from depth_unet.figures.side_by_side import SideBySideRow, side_by_side


def row(far_m: float = 5.0, title: str = "0.png") -> SideBySideRow:
    """A slope with two predictions, the second 20 % too far."""
    target_m = np.linspace(0.5, far_m, 48 * 64, dtype=np.float32).reshape(48, 64)
    return SideBySideRow(
        image=np.zeros((48, 64, 3), np.uint8),
        target_m=target_m,
        predictions_m=(target_m.copy(), 1.2 * target_m),
        captions=("AbsRel 0.000", "AbsRel 0.200"),
        title=title,
    )


def pictures(figure: Figure) -> list[np.ndarray]:
    """The pictures of the cells, row by row."""
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]


def test_equal_depth_has_equal_colour_in_every_cell() -> None:
    """Truth and every prediction, in every row, share one scale."""
    near, far = row(3.0), row(9.0)
    for depth_m in (near.target_m, near.predictions_m[1], far.predictions_m[0]):
        depth_m[0, 0] = 2.5
    cells = pictures(side_by_side(["a", "b"], [near, far]))
    colours = [cells[1][0, 0], cells[3][0, 0], cells[6][0, 0]]
    assert colours[0].tolist() == colours[1].tolist() == colours[2].tolist()
    assert cells[2][-1, -1].tolist() != cells[6][-1, -1].tolist()


def test_words_stand_in_their_places() -> None:
    """Headings, one caption under each prediction, and a title kept clear of the captions."""
    figure = side_by_side(["run a", "run b"], [row(title="a long folder/" * 40 + "0.png")])
    shown = [text.get_text() for text in figure.texts]
    assert {"photo", "true", "run a", "run b", "AbsRel 0.000", "AbsRel 0.200"} <= set(shown)
    title = next(text for text in figure.texts if "…" in text.get_text())
    captions = [text for text in figure.texts if text.get_text().startswith("AbsRel")]
    for caption, axes in zip(captions, figure.axes[2:4], strict=True):
        box, cell = caption.get_window_extent(), axes.get_window_extent()
        assert cell.x0 <= box.x0 < box.x1 <= cell.x1
        assert box.y1 <= cell.y0
        assert title.get_window_extent().x1 < box.x0


def test_what_does_not_fit_is_refused() -> None:
    """No row, a row with another number of predictions, or of another size."""
    with pytest.raises(DataError, match="at least one row"):
        side_by_side(["a", "b"], [])
    with pytest.raises(DataError, match=r"0\.png: 2 predictions and 2 captions for 3"):
        side_by_side(["a", "b", "c"], [row()])
    with pytest.raises(DataError, match=r"0\.png: depth of shape \(4, 5\)"):
        replace(row(), target_m=np.ones((4, 5)))
