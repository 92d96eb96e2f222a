"""True and predicted depth as surfaces over the picture plane, side by side."""

import itertools
import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d import Axes3D
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from depth_unet.arrays import Float
from depth_unet.figures.colour import (
    DEPTH_COLORMAP,
    Scale,
    colourise,
    depth_range,
    has_depth,
    scale_of,
)
from depth_unet.figures.panel import PanelRow
from depth_unet.figures.sheet import Sheet
from depth_unet.figures.text import FONT, INK

MAX_VERTICES = 160 * 120

# Height and width of a cell, and the zoom that fills it without cutting a label.
_LANDSCAPE, _PORTRAIT = ((77, 100), 1.16), ((90, 100), 1.03)
_SIDE_IN = 2.9
_TAIL_PERCENT = 0.1
_BEYOND = 0.25
_ELEVATION_DEG, _AZIMUTH_DEG = 20.0, -68.0
_TICK_PT, _LABEL_PT = 6.0, 7.0
_PANE, _GRID = "#f4f4f4", "#d8d8d8"
# From the upper left of the camera, in the axes (column, depth, row); a facet turned away from it
# keeps _SHADOW of its colour.
_LIGHT = np.array([-0.50, -0.62, -0.60]) / np.linalg.norm([-0.50, -0.62, -0.60])
_SHADOW = 0.6


def surfaces(row: PanelRow) -> Figure:
    """Draw the photo beside its true and its predicted depth as shaded surfaces.

    Column and row span the upright picture plane; depth leads away from the viewer. Both surfaces
    share axes, view, colours and colour bar. They are coloured by depth, as in the panels, and lit
    from the upper left. Draping the photo over them was tried on NYU rooms: it is easier to
    recognise, but paints sharp detail onto a blurred prediction and so hides its errors.

    Every vertex is a pixel of the depth map: at most 160 x 120 are picked at even steps, none is
    interpolated. A facet with a hole at a corner (0, negative, non-finite) is left open. The range
    leaves 0.1 % of the pixels beyond either end; facets with pixels more than a quarter of the
    range beyond it are left open too.

    Args:
        row: The image and its depths.

    Returns:
        A figure with its own Agg canvas, for ``write_figure``.
    """
    low_m, high_m = depth_range(*row.depths(), tail_percent=_TAIL_PERCENT)
    valid_m = [depth_m[has_depth(depth_m)] for depth_m in row.depths()]
    scale = scale_of("depth (m)", valid_m, low_m, high_m, DEPTH_COLORMAP)
    height_px, width_px = row.prediction_m.shape
    cell, zoom = _LANDSCAPE if width_px >= height_px else _PORTRAIT
    sheet = Sheet(("photo", "true", "predicted"), [cell], side_in=_SIDE_IN)
    sheet.picture(0, 0, row.image)
    for column, depth_m in enumerate(row.depths(), start=1):
        left, bottom, width, height = sheet.cell(0, column)
        place = (left - 0.04 * width, bottom, width, height)
        axes = sheet.figure.add_axes(place, projection="3d")
        assert isinstance(axes, Axes3D)
        _style_axes(axes, scale, height_px, width_px, zoom)
        _draw(axes, depth_m, scale)
    sheet.title(0, row.title)
    sheet.bar(scale, 1, 2)
    return sheet.figure


def _style_axes(axes: Axes3D, scale: Scale, height_px: int, width_px: int, zoom: float) -> None:
    axes.set_xlim(0, width_px)
    axes.set_ylim(scale.low, scale.high)
    axes.set_zlim(height_px, 0)
    longest = max(height_px, width_px)
    axes.set_box_aspect((width_px / longest, 0.8, height_px / longest), zoom=zoom)
    axes.view_init(elev=_ELEVATION_DEG, azim=_AZIMUTH_DEG)
    axes.set_proj_type("ortho")
    for axis, label, tick_pad, label_pad in (
        (axes.xaxis, "column (px)", -3, -8),
        (axes.yaxis, "depth (m)", -3, -9),
        (axes.zaxis, "row (px)", -1, -8),
    ):
        axis.set_label_text(label, family=FONT, fontsize=_LABEL_PT, color=INK)
        axis.labelpad = label_pad
        axis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
        axis.set_tick_params(labelsize=_TICK_PT, labelcolor=INK, labelfontfamily=FONT, pad=tick_pad)
        axis.line.set(color=INK, linewidth=0.4)
        axis.set_pane_color(_PANE)
        # mplot3d ignores the style given to grid() and tick_params; this is its only hook.
        style = axis._axinfo  # noqa: SLF001
        style["grid"].update(color=_GRID, linewidth=0.4)
        style["tick"]["linewidth"] = dict.fromkeys(style["tick"]["linewidth"], 0.4)


def _draw(axes: Axes3D, depth_m: Float[np.ndarray, "h w"], scale: Scale) -> None:
    beyond_m = _BEYOND * (scale.high - scale.low)
    facets = _facets(depth_m, scale.low - beyond_m, scale.high + beyond_m)
    if not len(facets):
        return
    middle_m = facets[:, :, 1].mean(axis=1, keepdims=True)
    colours = colourise(middle_m, scale.low, scale.high)[:, 0] / 255.0
    span = np.array([max(depth_m.shape), scale.high - scale.low, max(depth_m.shape)])
    colours *= _brightness(facets / span)[:, None]
    # Edges in the colour of their facet close the hairlines between neighbours.
    axes.add_collection3d(
        Poly3DCollection(facets, facecolors=colours, edgecolors=colours, linewidths=0.3)
    )


def _facets(
    depth_m: Float[np.ndarray, "h w"], low_m: float, high_m: float
) -> Float[np.ndarray, "facets 4 3"]:
    """Quadrilaterals between neighbouring picked pixels, as (column, depth, row)."""
    height_px, width_px = depth_m.shape
    step = next(
        step
        for step in itertools.count(1)
        if math.ceil(height_px / step) * math.ceil(width_px / step) <= MAX_VERTICES
    )
    rows = np.arange((height_px - 1) % step // 2, height_px, step)
    columns = np.arange((width_px - 1) % step // 2, width_px, step)
    picked_m = depth_m[np.ix_(rows, columns)]
    valid = has_depth(picked_m) & (picked_m >= low_m) & (picked_m <= high_m)
    across, down = np.meshgrid(columns, rows)
    corners = _corners(np.stack((across, np.where(valid, picked_m, 0.0), down), axis=-1))
    return corners[_corners(valid[..., None])[..., 0].all(axis=1)]


def _corners(grid: np.ndarray) -> np.ndarray:
    """The four corners of every cell of a grid, rows columns k -> cells 4 k, clockwise."""
    around = (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1])
    return np.stack(around, axis=2).reshape(-1, 4, grid.shape[-1])


def _brightness(facets: Float[np.ndarray, "facets 4 3"]) -> Float[np.ndarray, " facets"]:
    """Lambert's law on facets in box units; 1 towards the light."""
    normals = np.cross(facets[:, 2] - facets[:, 0], facets[:, 3] - facets[:, 1])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    lit: Float[np.ndarray, " facets"] = np.clip(normals @ _LIGHT, 0.0, 1.0)
    return _SHADOW + (1.0 - _SHADOW) * lit
