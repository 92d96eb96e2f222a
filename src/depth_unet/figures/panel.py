"""Panels: photo, true depth, predicted depth and error of a few images, one row each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from depth_unet.arrays import Float
from depth_unet.errors import DataError
from depth_unet.figures.colour import (
    DEPTH_COLORMAP,
    ERROR_COLORMAP,
    Scale,
    colourise,
    depth_range,
    has_depth,
    paint,
    round_outward,
    scale_of,
)
from depth_unet.figures.sheet import Sheet

_COLUMNS = ("photo", "true", "predicted", "error")
_ERROR_TAIL_PERCENT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelRow:
    """One image with its depths, all of one size.

    Attributes:
        image: RGB, h w 3, 0 to 255.
        target_m: True depth, h w, metres, 0 where unknown.
        prediction_m: Predicted depth, h w, metres; 0 and non-finite pixels are drawn as holes.
        title: One line, such as ``train/0002.jpg, AbsRel 0.21``; shortened if it is too long.
    """

    # No jaxtyping here: check_shapes has a message that names the image.
    image: NDArray[np.uint8]
    target_m: NDArray[np.floating[Any]]
    prediction_m: NDArray[np.floating[Any]]
    title: str

    def __post_init__(self) -> None:
        check_shapes(self.title, self.image, (self.target_m, self.prediction_m))

    def depths(self) -> tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
        """The true and the predicted depth, metres."""
        return (self.target_m, self.prediction_m)


def check_shapes(
    title: str, image: NDArray[np.uint8], depths_m: Sequence[NDArray[np.floating[Any]]]
) -> None:
    """Check that all depths have the size of the image.

    Raises:
        DataError: A depth has another size, or the image is not RGB; the message names ``title``.
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
    """Draw photo, true depth, predicted depth and absolute error, one row per image.

    All depths of the figure share one range in metres and one colour bar, all errors another. Holes
    (0, negative, non-finite) are grey, in the error too. About 1 % of the pixels may lie beyond
    either end of a range; that end of the bar is then pointed.

    Args:
        rows: At least one; six fit a page. Images may have different aspect ratios.

    Returns:
        A figure with its own Agg canvas, for ``write_figure``.

    Raises:
        DataError: There is no row.
    """
    errors_m = [_error_m(row) for row in rows]
    depth, error = _depth_scale(rows), _error_scale(errors_m)
    sheet = Sheet(_COLUMNS, [row.prediction_m.shape for row in rows])
    for index, (row, error_m) in enumerate(zip(rows, errors_m, strict=True)):
        valid = np.isfinite(error_m)
        sheet.title(index, row.title)
        sheet.picture(index, 0, row.image)
        sheet.picture(index, 1, colourise(row.target_m, depth.low, depth.high))
        sheet.picture(index, 2, colourise(row.prediction_m, depth.low, depth.high))
        sheet.picture(index, 3, paint(error_m, valid, error.low, error.high, error.colormap))
    sheet.bar(depth, 1, 2)
    sheet.bar(error, 3, 3)
    return sheet.figure


def _error_m(row: PanelRow) -> Float[np.ndarray, "h w"]:
    both = has_depth(row.target_m) & has_depth(row.prediction_m)
    difference_m = np.full(both.shape, np.nan, np.float32)
    np.subtract(row.prediction_m, row.target_m, out=difference_m, where=both, casting="same_kind")
    return np.abs(difference_m)


def _depth_scale(rows: Sequence[PanelRow]) -> Scale:
    depths_m = [depth_m[has_depth(depth_m)] for row in rows for depth_m in row.depths()]
    low_m, high_m = depth_range(*depths_m)
    return scale_of("depth (m)", depths_m, low_m, high_m, DEPTH_COLORMAP)


def _error_scale(errors_m: Sequence[Float[np.ndarray, "..."]]) -> Scale:
    known_m = [error_m[np.isfinite(error_m)] for error_m in errors_m]
    values_m = np.concatenate([*known_m, np.zeros(1)])
    high_m = round_outward(float(np.percentile(values_m, 100.0 - _ERROR_TAIL_PERCENT)))
    return scale_of("absolute error (m)", known_m, 0.0, max(high_m, 0.1), ERROR_COLORMAP)
