"""The image size that the network works at, for a photo of any size; all engines share this.

The photo is resized to the recipe's canvas, or to one of the same area and a closer aspect ratio.
"""

import itertools
import math
from functools import lru_cache

import numpy as np

from depth_unet.arrays import UInt8
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.model import CanvasConfig
from depth_unet.images.resize import resize_image

MULTIPLE = 16
SMALLEST_SIDE = 32
AREA_TOLERANCE = 1.2


@lru_cache(maxsize=1024)
def canvas_size(height: int, width: int, canvas: CanvasConfig) -> tuple[int, int]:
    """Rows and columns that an image of the given size is resized to.

    Of ``canvas_sizes``, it is the one with the aspect ratio closest to the image's, then with the
    closest area. Very long images get the longest canvas.

    Args:
        height: Rows of the image.
        width: Columns of the image.
        canvas: The recipe's canvas.
    """

    def stretch(size: tuple[int, int]) -> float:
        """At least 1; one division of integers, so that the exported graph agrees bit for bit."""
        rows, columns = size
        return max(columns * height, rows * width) / min(columns * height, rows * width)

    return min(canvas_sizes(canvas), key=stretch)


@lru_cache(maxsize=16)
def canvas_sizes(canvas: CanvasConfig) -> tuple[tuple[int, int], ...]:
    """Rows and columns of every canvas, those with an area close to the recipe's first.

    Sides are multiples of 16, and the area is within 20 % of the recipe's.
    """
    area = canvas.height * canvas.width
    longest = int(area * AREA_TOLERANCE / SMALLEST_SIDE)
    sides = range(SMALLEST_SIDE, longest + 1, MULTIPLE)
    sizes = (
        (rows, columns)
        for rows, columns in itertools.product(sides, sides)
        if 1 / AREA_TOLERANCE <= rows * columns / area <= AREA_TOLERANCE
    )
    return tuple(sorted(sizes, key=lambda size: abs(math.log(size[0] * size[1] / area))))


def to_canvas(
    image: UInt8[np.ndarray, "h w 3"], intrinsics: Intrinsics, canvas: CanvasConfig
) -> tuple[UInt8[np.ndarray, "h2 w2 3"], Intrinsics]:
    """Resize a photo to its canvas; returns the photo and its camera at that size."""
    height, width = canvas_size(*image.shape[:2], canvas)
    return resize_image(image, height, width), intrinsics.resized(width, height)
