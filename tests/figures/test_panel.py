"""Panels: one scale, whole pictures, nothing overlapping."""

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from depth_unet.errors import DataError
from depth_unet.figures.colour import HOLE_GREY, depth_range
from depth_unet.figures.panel import PanelRow, panel

MakeRow = Callable[..., PanelRow]


def test_equal_depth_has_equal_colour_in_the_whole_figure(make_row: MakeRow) -> None:
    """True and predicted, in every row, share one scale: the same metres, the same colour."""
    near, far = make_row(far_m=3.0, factor=1.0), make_row(far_m=8.0, factor=1.0)
    near.target_m[0, 0] = near.prediction_m[0, 1] = far.target_m[0, 2] = 2.5
    cells = _pictures(panel([near, far]))
    colours = [cells[1][0, 0], cells[2][0, 1], cells[5][0, 2]]
    assert colours[0].tolist() == colours[1].tolist() == colours[2].tolist()


def test_the_bars_say_metres_and_the_range_of_all_rows(make_row: MakeRow) -> None:
    """One bar for depth over all rows, one for the error, both from their range and in metres."""
    rows = [make_row(far_m=3.0), make_row(far_m=8.0)]
    figure = panel(rows)
    bars = [axes for axes in figure.axes if not axes.images]
    assert len(bars) == 2
    assert bars[0].get_xlim() == depth_range(*(depth for row in rows for depth in row.depths()))
    assert bars[1].get_xlim() == (0.0, 0.8)
    assert {"depth (m)", "absolute error (m)"} <= set(_texts(figure))


@pytest.mark.parametrize(
    ("height", "width"), [(48, 64), (64, 48), (64, 64), (20, 200), (200, 20), (1, 1)]
)
@pytest.mark.parametrize("num_rows", [1, 6])
def test_nothing_overlaps_or_leaves_the_page(
    make_row: MakeRow, height: int, width: int, num_rows: int
) -> None:
    """Pictures, titles, headings and numbers keep apart, at any shape, with long titles too."""
    rows = [make_row(height, width, title="a long folder/" * 40 + "0.png")] * num_rows
    figure = panel(rows)
    placed = _boxes(figure)
    page = figure.bbox
    for box in placed:
        assert page.x0 <= box.x0
        assert box.x1 <= page.x1
        assert page.y0 <= box.y0
        assert box.y1 <= page.y1
    for one, other in itertools.combinations(placed, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        down = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert min(across, down) < 1.0


@pytest.mark.parametrize(("height", "width"), [(48, 64), (64, 48), (20, 200), (200, 20)])
def test_pictures_keep_their_shape(make_row: MakeRow, height: int, width: int) -> None:
    """Portrait, landscape and panorama mix in one figure, each whole and undistorted."""
    figure = panel([make_row(height, width), make_row(48, 64)])
    figure.draw_without_rendering()
    for axes, picture in zip(_picture_axes(figure), _pictures(figure), strict=True):
        box = axes.get_window_extent()
        assert box.height / box.width == pytest.approx(picture.shape[0] / picture.shape[1], 0.01)


@pytest.mark.parametrize("num_rows", [1, 6])
def test_the_figure_has_a_sane_size(make_row: MakeRow, num_rows: int) -> None:
    """A page wide, not larger than a page and a half high, and fit for print."""
    figure = panel([make_row()] * num_rows)
    width_in, height_in = figure.get_size_inches()
    assert 8.0 < width_in < 10.0
    assert 1.5 * num_rows < height_in < 2.2 * num_rows + 1.0
    assert figure.dpi >= 150


def test_holes_are_grey_where_they_are_and_in_the_error(make_row: MakeRow) -> None:
    """A hole in either map is grey in that map and in the error, and nowhere else."""
    row = make_row()
    row.target_m[0, 0] = 0.0
    row.prediction_m[5, 5] = np.nan
    grey = [(cell == HOLE_GREY).all(axis=-1) for cell in _pictures(panel([row]))[1:]]
    assert [np.argwhere(cell).tolist() for cell in grey] == [[[0, 0]], [[5, 5]], [[0, 0], [5, 5]]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_a_prediction_without_a_depth_is_drawn(make_row: MakeRow, bad: float) -> None:
    """A broken network still gives a figure: its maps are grey, the true depth is not."""
    row = make_row()
    row.prediction_m[:] = bad
    _, true, predicted, error = _pictures(panel([row]))
    assert (predicted == HOLE_GREY).all()
    assert (error == HOLE_GREY).all()
    assert not (true == HOLE_GREY).all(axis=-1).any()


def test_a_perfect_prediction_has_an_empty_error(make_row: MakeRow) -> None:
    """No error is the first colour of its bar, not a hole."""
    error = _pictures(panel([make_row(factor=1.0)]))[3]
    assert (error == error[0, 0]).all()
    assert (error > 240).all()


def test_flat_depth_is_drawn(make_row: MakeRow) -> None:
    """A depth without relief is one colour."""
    row = make_row(factor=1.0)
    row.target_m[:] = row.prediction_m[:] = 2.0
    for cell in _pictures(panel([row]))[1:3]:
        assert (cell == cell[0, 0]).all()


@pytest.mark.parametrize("title", ["$x^2$ and $", "部屋.png", "two\nlines\t", "", "é_日本{}\\frac"])
def test_a_title_is_plain_text(make_row: MakeRow, title: str) -> None:
    """No mark-up, no missing glyph (a warning is an error here), no second line."""
    figure = panel([make_row(title=title)])
    figure.draw_without_rendering()
    assert any(len(text) == len(title) and "\n" not in text for text in _texts(figure))


def test_a_long_title_loses_its_middle(make_row: MakeRow) -> None:
    """The end with the score stays."""
    figure = panel([make_row(title="rooms/" * 99 + "0002.png, AbsRel 0.21")])
    assert any("…" in text and text.endswith("AbsRel 0.21") for text in _texts(figure))


def test_no_rows_are_refused() -> None:
    """A panel of nothing is an error that says so."""
    with pytest.raises(DataError, match="at least one row"):
        panel([])


def test_sizes_must_agree(make_row: MakeRow) -> None:
    """A depth of another size is refused with the title of its row."""
    row = make_row(40, 60, title="kitchen.png")
    with pytest.raises(DataError, match=r"kitchen\.png: depth of shape \(20, 60\)"):
        dataclasses.replace(row, prediction_m=row.prediction_m[:20])
    with pytest.raises(DataError, match=r"kitchen\.png: an image of shape \(40, 60\)"):
        dataclasses.replace(row, image=row.image[..., 0])


def _picture_axes(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.images]


def _pictures(figure: Figure) -> list[np.ndarray]:
    """The pixels of the pictures by row, in the order of the columns."""
    by_place = sorted(
        _picture_axes(figure), key=lambda a: (-a.get_position(True).y0, a.get_position(True).x0)
    )
    return [np.asarray(axes.images[0].get_array()) for axes in by_place]


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def _boxes(figure: Figure) -> list[Bbox]:
    """Where the pictures, the texts and the numbers of the bars lie, in pixels."""
    figure.draw_without_rendering()
    numbers = [
        label
        for axes in figure.axes
        for label, tick in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)
        if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]
    ]
    written = [text.get_window_extent() for text in (*figure.texts, *numbers)]
    return written + [axes.get_window_extent() for axes in _picture_axes(figure)]
