"""The same images beside the predictions of several networks, one column for each network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from depth_unet.errors import DataError
from depth_unet.figures.colour import DEPTH_COLORMAP, colourise, depth_range, has_depth, scale_of
from depth_unet.figures.panel import check_shapes
from depth_unet.figures.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SideBySideRow:
    """One image with its true depth and several predictions, all of one size.

    Attributes:
        image: RGB, h w 3, 0 to 255.
        target_m: True depth, h w, metres, 0 where unknown.
        predictions_m: Predicted depths, h w, metres, in the order of the columns.
        captions: Text under each prediction, such as its error.
        title: One line, such as the photo's name; shortened if it is too long.
    """

    # No jaxtyping here: check_shapes has a message that names the image.
    image: NDArray[np.uint8]
    target_m: NDArray[np.floating[Any]]
    predictions_m: tuple[NDArray[np.floating[Any]], ...]
    captions: tuple[str, ...]
    title: str

    def __post_init__(self) -> None:
        check_shapes(self.title, self.image, (self.target_m, *self.predictions_m))


def side_by_side(names: Sequence[str], rows: Sequence[SideBySideRow]) -> Figure:
    """Draw photo, true depth and every network's prediction, one row per image.

    All depths of the figure share one range in metres and one colour bar. Holes are grey.

    Args:
        names: Headings of the predictions' columns.
        rows: At least one, each with one prediction and one caption per name.

    Returns:
        A figure with its own Agg canvas, for ``write_figure``.

    Raises:
        DataError: There is no row, or a row has more or fewer predictions than names.
    """
    for row in rows:
        if not len(row.predictions_m) == len(row.captions) == len(names):
            raise DataError(
                f"{row.title}: {len(row.predictions_m)} predictions and {len(row.captions)} "
                f"captions for {len(names)} columns; give one of each per column"
            )
    maps_m = [depth_m for row in rows for depth_m in (row.target_m, *row.predictions_m)]
    low_m, high_m = depth_range(*maps_m)
    sheet = Sheet(("photo", "true", *names), [row.target_m.shape for row in rows])
    for index, row in enumerate(rows):
        sheet.title(index, row.title, columns=2)
        sheet.picture(index, 0, row.image)
        sheet.picture(index, 1, colourise(row.target_m, low_m, high_m))
        for column, depth_m in enumerate(row.predictions_m, start=2):
            sheet.picture(index, column, colourise(depth_m, low_m, high_m))
            sheet.caption(index, column, row.captions[column - 2])
    values_m = [depth_m[has_depth(depth_m)] for depth_m in maps_m]
    sheet.bar(scale_of("depth (m)", values_m, low_m, high_m, DEPTH_COLORMAP), 1, 1 + len(names))
    return sheet.figure
