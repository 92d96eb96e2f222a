"""The focal length in a photo's Exif data."""

import math
from typing import Any

from PIL import Image

EXIF_IFD = 0x8769
FOCAL_LENGTH_IN_35MM_FILM = 41989
FILM_DIAGONAL_MM = math.hypot(36, 24)  # 43.2666
PIXEL_DIMENSIONS = (40962, 40963)  # PixelXDimension, PixelYDimension
ASPECT_TOLERANCE = 0.01
LEAST_MM, MOST_MM = 5.0, 2000.0


def exif_focal_px(image: Image.Image) -> float | None:
    """Horizontal focal length of a photo, from its Exif data.

    focal_px = focal length in 35 mm film · diagonal_px / 43.2666 mm, because the 35 mm equivalent
    compares diagonals (CIPA DCG-001). Pixels are assumed to be square.

    Args:
        image: An uncropped photo; for a crop of the same aspect ratio, the result is too small.

    Returns:
        Pixels of this image; None if the focal length is missing, unknown (0) or outside 5 to
        2000 mm, if the Exif data are damaged, or if they state a size of another aspect ratio:
        then the photo was cropped, and the focal length is that of the whole photo.
    """
    # Pillow's errors for damaged Exif data have no common base class.
    try:
        tags = image.getexif().get_ifd(EXIF_IFD)
        focal_mm = _number(tags.get(FOCAL_LENGTH_IN_35MM_FILM))
        sides = [_number(tags.get(tag)) for tag in PIXEL_DIMENSIONS]
    except Exception:
        return None
    if not LEAST_MM <= focal_mm <= MOST_MM or _has_other_shape(image, sides):
        return None
    return focal_mm * math.hypot(*image.size) / FILM_DIAGONAL_MM


def _has_other_shape(image: Image.Image, sides: list[float]) -> bool:
    """Whether the stated sides, in any order, have another aspect ratio; rounding is allowed."""
    if not all(side > 0 for side in sides):
        return False
    stated, found = max(sides) / min(sides), max(image.size) / min(image.size)
    slack = ASPECT_TOLERANCE + 1 / min(image.size)
    return abs(stated - found) > slack * found


def _number(found: Any) -> float:
    """The tag's value; some cameras write a fraction or a list of one."""
    if isinstance(found, tuple) and len(found) == 1:
        found = found[0]
    return 0.0 if found is None else float(found)
