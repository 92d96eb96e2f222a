"""The focal length in a photo's Exif data."""

import math
from typing import Any

from PIL import Image

EXIF_IFD = 0x8769
FOCAL_LENGTH_IN_35MM_FILM = 41989
FILM_DIAGONAL_MM = math.hypot(36, 24)  # 43.2666
LEAST_MM, MOST_MM = 5.0, 2000.0


def exif_focal_px(image: Image.Image) -> float | None:
    """Horizontal focal length of a photo, from its Exif data.

    focal_px = focal length in 35 mm film · diagonal_px / 43.2666 mm, because the 35 mm equivalent
    compares diagonals (CIPA DCG-001). Pixels are assumed to be square.

    Args:
        image: An uncropped photo; for a crop, the result is too small.

    Returns:
        Pixels of this image; None if the focal length is missing, unknown (0) or outside 5 to
        2000 mm, or if the Exif data are damaged.
    """
    # Pillow's errors for damaged Exif data have no common base class.
    try:
        found = image.getexif().get_ifd(EXIF_IFD).get(FOCAL_LENGTH_IN_35MM_FILM)
        focal_mm = _millimetres(found)
    except Exception:
        return None
    if not LEAST_MM <= focal_mm <= MOST_MM:
        return None
    return focal_mm * math.hypot(*image.size) / FILM_DIAGONAL_MM


def _millimetres(found: Any) -> float:
    """The tag's value; some cameras write a fraction or a list of one."""
    if isinstance(found, tuple) and len(found) == 1:
        found = found[0]
    return 0.0 if found is None else float(found)
