"""A contact sheet: photos of a data set beside their depth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from depth_unet.figures.colour import DEPTH_COLORMAP, colourise, depth_range, has_depth, scale_of
from depth_unet.figures.panel import check_shapes
from depth_unet.figures.sheet import Sheet

PAIRS_PER_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contact:
    """One photo with its depth, of one size.

    Attributes:
        image: RGB, h w 3, 0 to 255.
        depth_m: Depth, h w, metres, 0 where unknown.
        name: Text under the photo; shortened if it is too long.
    """

    image: NDArray[np.uint8]
    depth_m: NDArray[np.floating[Any]]
    name: str

    def __post_init__(self) -> None:
        check_shapes(self.name, self.image, (self.depth_m,))


def contact_sheet(contacts: Sequence[Contact]) -> Figure:
    """Draw photos beside their depth, three pairs to a row.

    All depths share one range in metres and one colour bar. Holes are grey.

    Args:
        contacts: At least one; sizes may differ.

    Returns:
        A figure with its own Agg canvas, for ``write_figure``.

    Raises:
        DataError: There is no photo.
    """
    low_m, high_m = depth_range(*(contact.depth_m for contact in contacts))
    starts = range(0, len(contacts), PAIRS_PER_ROW)
    lines = [contacts[start : start + PAIRS_PER_ROW] for start in starts]
    columns = ("photo", "depth") * min(PAIRS_PER_ROW, len(contacts))
    sheet = Sheet(columns, [row[0].depth_m.shape for row in lines])
    for number, row in enumerate(lines):
        for place, contact in enumerate(row):
            sheet.picture(number, 2 * place, contact.image)
            sheet.caption(number, 2 * place, contact.name)
            sheet.picture(number, 2 * place + 1, colourise(contact.depth_m, low_m, high_m))
    values_m = [contact.depth_m[has_depth(contact.depth_m)] for contact in contacts]
    sheet.bar(scale_of("depth (m)", values_m, low_m, high_m, DEPTH_COLORMAP), 0, 1)
    return sheet.figure
