"""The focal length that a camera wrote into a photo."""

import math
from typing import Any

from PIL import Image

EXIF_IFD = 0x8769
FOCAL_LENGTH_IN_35MM_FILM = 41989
FILM_DIAGONAL_MM = math.hypot(36, 24)  # 43.2666
LEAST_MM, MOST_MM = 5.0, 2000.0


def focal_px_of(image: Image.Image) -> float | None:
    """Horizontal focal length of a photo, from its EXIF data.

    focal_px = focal length in 35 mm film · diagonal_px / 43.2666 mm, because the equivalence is
    one of diagonals (CIPA DCG-001); pixels are taken to be square.

    Args:
        image: A photo, turned upright or not: the diagonal is the same. It must show all that the
            camera saw: of a part that was cut out, the focal length comes out too small.

    Returns:
        Pixels of this image; None where the photo says nothing, 0 (unknown), something that is no
        length from 5 to 2000 mm, or where its EXIF data are damaged.
    """
    # What Pillow raises for damaged EXIF data has no common base; a photo without is no error.
    try:
        found = image.getexif().get_ifd(EXIF_IFD).get(FOCAL_LENGTH_IN_35MM_FILM)
        focal_mm = _millimetres(found)
    except Exception:
        return None
    if not LEAST_MM <= focal_mm <= MOST_MM:
        return None
    return focal_mm * math.hypot(*image.size) / FILM_DIAGONAL_MM


def _millimetres(found: Any) -> float:
    """The value of the tag, which some cameras write as a fraction or a list of one."""
    if isinstance(found, tuple) and len(found) == 1:
        found = found[0]
    return 0.0 if found is None else float(found)
