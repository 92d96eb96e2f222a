"""Surfaces: the same view of both, no vertex that is not a pixel, holes open, upright."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D, proj3d

from depth_unet.figures.panel import PanelRow
from depth_unet.figures.surface import MAX_VERTICES, surfaces

MakeRow = Callable[..., PanelRow]


@pytest.mark.parametrize(("height", "width"), [(60, 80), (80, 60), (479, 641), (30, 2000)])
def test_every_vertex_is_a_pixel(make_row: MakeRow, height: int, width: int) -> None:
    """Thinning picks pixels, at most 160 x 120 of them; none is interpolated."""
    row = make_row(height, width)
    for axes, depth_m in zip(_plots(surfaces(row)), row.depths(), strict=True):
        vertices = np.unique(_facets(axes).reshape(-1, 3), axis=0)
        assert min(depth_m.size, MAX_VERTICES // 4) <= len(vertices) <= MAX_VERTICES
        columns, rows = vertices[:, 0].astype(int), vertices[:, 2].astype(int)
        np.testing.assert_array_equal(vertices[:, 1], depth_m[rows, columns])


def test_both_surfaces_have_the_same_axes_and_view(make_row: MakeRow) -> None:
    """Limits, shape and camera agree, so that a difference is one of depth."""
    true, predicted = _plots(surfaces(make_row(factor=1.4)))
    for read in ("get_xlim", "get_ylim", "get_zlim", "get_proj"):
        np.testing.assert_array_equal(getattr(true, read)(), getattr(predicted, read)())
    assert true.get_position().height == predicted.get_position().height


def test_holes_stay_open(make_row: MakeRow) -> None:
    """No facet touches a hole, and no facet beside it is lost."""
    row = make_row(40, 60)
    row.target_m[10:20, 30:45] = 0.0
    row.prediction_m[5, 5] = np.nan
    true, predicted = (_facets(axes) for axes in _plots(surfaces(row)))
    assert len(true) == 39 * 59 - 11 * 16
    assert len(predicted) == 39 * 59 - 4


def test_a_wild_pixel_does_not_flatten_the_room(make_row: MakeRow) -> None:
    """One pixel at a kilometre is left open and leaves the scale alone."""
    row = make_row(40, 60)
    before_m = _plots(surfaces(row))[0].get_ylim()
    row.prediction_m[5, 5] = 1000.0
    true, predicted = _plots(surfaces(row))
    assert true.get_ylim() == before_m
    assert len(_facets(predicted)) == 39 * 59 - 4


def test_the_picture_is_upright_and_recedes(make_row: MakeRow) -> None:
    """On the page the first row is above the last, the first column left of the last."""
    figure = surfaces(make_row(60, 80))
    figure.draw_without_rendering()
    axes = _plots(figure)[0]
    matrix = axes.get_proj()
    left_top, right_top, left_bottom, left_top_far = (
        np.array(proj3d.proj_transform(*place, matrix))
        for place in ((0, 2.0, 0), (79, 2.0, 0), (0, 2.0, 59), (0, 4.0, 0))
    )
    assert left_top[0] < right_top[0]
    assert left_top[1] > left_bottom[1]
    assert left_top_far[1] > left_top[1]


@pytest.mark.parametrize("depth_m", [2.0, 0.0, np.nan])
@pytest.mark.parametrize(("height", "width"), [(30, 40), (1, 1), (1, 50)])
def test_flat_empty_and_tiny_depth_is_drawn(
    make_row: MakeRow, height: int, width: int, depth_m: float
) -> None:
    """Without relief, without a pixel or without a facet there is still a figure."""
    row = make_row(height, width)
    row.target_m[:] = row.prediction_m[:] = depth_m
    figure = surfaces(row)
    figure.draw_without_rendering()
    assert all(np.isfinite(axes.get_ylim()).all() for axes in _plots(figure))


@pytest.mark.parametrize(("height", "width"), [(48, 64), (64, 48), (64, 64)])
def test_labels_stay_on_the_page(make_row: MakeRow, height: int, width: int) -> None:
    """Axis labels and numbers are neither cut by the page nor drawn over the colour bar."""
    figure = surfaces(make_row(height, width))
    figure.draw_without_rendering()
    bar_top = next(a for a in figure.axes if not a.images and not isinstance(a, Axes3D)).bbox.y1
    for axes in _plots(figure):
        for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
            box = axis.label.get_window_extent()
            assert box.x1 < figure.bbox.x1
            assert box.y0 > bar_top


def _plots(figure: Figure) -> list[Axes3D]:
    return [axes for axes in figure.axes if isinstance(axes, Axes3D)]


def _facets(axes: Axes3D) -> np.ndarray:
    """Corners of the facets, n 4 3, as (column, depth, row)."""
    (collection,) = axes.collections
    return np.asarray(collection._faces)  # noqa: SLF001 - mplot3d has no public reader
