"""Panels: original, true depth, predicted depth and error of a few images, one row each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from numpy.typing import NDArray

from depth_unet.errors import DataError
from depth_unet.figures.colour import (
    DEPTH_COLORMAP,
    ERROR_COLORMAP,
    Scale,
    colourise,
    depth_range,
    drawable,
    paint,
    round_outward,
    scale_of,
)
from depth_unet.figures.sheet import Sheet

_COLUMNS = ("original", "true", "predicted", "error")
_ERROR_TAIL_PERCENT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelRow:
    """One image with its depths, all of one size.

    Attributes:
        image: RGB, h w 3, 0 to 255.
        prediction_m: Predicted depth, h w, metres; 0 and non-finite pixels are drawn as holes.
        target_m: True depth, h w, metres, 0 where unknown; None without ground truth.
        title: One line, such as ``train/0002.jpg, AbsRel 0.21``; shortened where it is too long.
    """

    # No jaxtyping here: shapes are checked below, with a message that names the image.
    image: NDArray[np.uint8]
    prediction_m: NDArray[np.floating[Any]]
    target_m: NDArray[np.floating[Any]] | None = None
    title: str

    def __post_init__(self) -> None:
        check_shapes(self.title, self.image, self.depths())

    def depths(self) -> tuple[Float[np.ndarray, "h w"], ...]:
        """The true depth, if there is one, and the predicted depth, metres."""
        known = () if self.target_m is None else (self.target_m,)
        return (*known, self.prediction_m)


def check_shapes(
    title: str, image: NDArray[np.uint8], depths_m: Sequence[NDArray[np.floating[Any]]]
) -> None:
    """Refuse depths that are not of the image's size.

    Raises:
        DataError: One is not, or the image is not RGB; the message begins with ``title``.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise DataError(f"{title}: an image of shape {image.shape}; expected rows, columns, 3")
    for depth_m in depths_m:
        if depth_m.shape != image.shape[:2]:
            raise DataError(
                f"{title}: depth of shape {depth_m.shape} for an image of shape "
                f"{image.shape}; resize one to the rows and columns of the other"
            )


def panel(rows: Sequence[PanelRow]) -> Figure:
    """Draw original, true depth, predicted depth and absolute error, one row per image.

    All depths of the figure share one range in metres and one bar, all errors another: the same
    colour is the same distance in every row. Without any ground truth there are two columns,
    original and predicted depth; a row without it among others that have it says so.

    Args:
        rows: At least one; six fit a page. Pictures of any aspect ratio may be mixed.

    Returns:
        A figure with its own Agg canvas, for ``write_figure``.

    Raises:
        DataError: No row.

    Holes (0, negative, non-finite) are grey, in the error too. Each range leaves about 1 % of
    its pixels beyond an end; that end of the bar is then pointed.
    """
    if not rows:
        raise DataError("a panel needs at least one row; found none")
    errors_m = [_error_m(row) for row in rows]
    depth = _depth_scale(rows)
    error = _error_scale([error_m for error_m in errors_m if error_m is not None])
    shapes = [row.prediction_m.shape for row in rows]
    with_truth = any(row.target_m is not None for row in rows)
    headings = _COLUMNS if with_truth else ("original", "predicted")
    sheet = Sheet(headings, shapes)
    predicted = headings.index("predicted")
    for index, (row, error_m) in enumerate(zip(rows, errors_m, strict=True)):
        sheet.title(index, row.title)
        sheet.picture(index, 0, row.image)
        sheet.picture(index, predicted, colourise(row.prediction_m, depth.low, depth.high))
        if row.target_m is not None and error_m is not None:
            sheet.picture(index, 1, colourise(row.target_m, depth.low, depth.high))
            valid = np.isfinite(error_m)
            sheet.picture(index, 3, paint(error_m, valid, error.low, error.high, error.colormap))
        elif with_truth:
            sheet.blank(index, 1, "not known")
            sheet.blank(index, 3, "not known")
    sheet.bar(depth, 1, predicted)
    if with_truth:
        sheet.bar(error, 3, 3)
    return sheet.figure


def _error_m(row: PanelRow) -> Float[np.ndarray, "h w"] | None:
    if row.target_m is None:
        return None
    both = drawable(row.target_m) & drawable(row.prediction_m)
    difference_m = np.full(both.shape, np.nan, np.float32)
    np.subtract(row.prediction_m, row.target_m, out=difference_m, where=both, casting="same_kind")
    return np.abs(difference_m)


def _depth_scale(rows: Sequence[PanelRow]) -> Scale:
    depths_m = [depth_m[drawable(depth_m)] for row in rows for depth_m in row.depths()]
    low_m, high_m = depth_range(*depths_m)
    return scale_of("depth (m)", depths_m, low_m, high_m, DEPTH_COLORMAP)


def _error_scale(errors_m: Sequence[Float[np.ndarray, "..."]]) -> Scale:
    known_m = [error_m[np.isfinite(error_m)] for error_m in errors_m]
    values_m = np.concatenate([*known_m, np.zeros(1)])
    high_m = round_outward(float(np.percentile(values_m, 100.0 - _ERROR_TAIL_PERCENT)))
    return scale_of("absolute error (m)", known_m, 0.0, max(high_m, 0.1), ERROR_COLORMAP)
