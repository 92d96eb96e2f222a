"""Where each pixel of a frame lies in the frame beside it, and where that can be trusted.

Reference:
    Kroeger et al., Fast Optical Flow using Dense Inverse Search, ECCV 2016 (the flow).
"""

from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float32, Shaped, UInt8

SLACK_PX = 1.0
SLACK_PER_PX = 0.05
"""There and back again a pixel may be off by the first, and by the second per pixel of way."""
MOST_CHANGE = 40.0
"""Grey levels, beside the change of the whole frame, that a point may change by."""
LEAST_SHARE = 0.2
"""Frames of which fewer pixels are found again are of two scenes."""
EVERY = 4
"""Of the rows and columns, medians over a frame take one in so many."""

Map = Float32[np.ndarray, "h w"]
Step = Float32[np.ndarray, "h w 3"]
"""Column and row of the same point in the other frame, and 1 where that holds, else 0."""


def steps_between(
    earlier: UInt8[np.ndarray, "h w"], later: UInt8[np.ndarray, "h w"]
) -> tuple[Step, Step]:
    """Follow the pixels of two frames into one another.

    A pixel is trusted that returns to its place when it is followed there and back, stays inside
    the picture and keeps its brightness. Across a cut none is.

    Args:
        earlier: A frame, grey.
        later: The next one.

    Returns:
        From each pixel of the later frame to the earlier; and from the earlier to the later.
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    grid = places(*later.shape)
    # OpenCV's types leave out that it makes the array itself.
    back = cv2.add(np.asarray(flow.calc(later, earlier, None)), grid)  # type: ignore[call-overload]
    forth = cv2.add(np.asarray(flow.calc(earlier, later, None)), grid)  # type: ignore[call-overload]
    kept_back = _trusted(back, forth, later, earlier)
    kept_forth = _trusted(forth, back, earlier, later)
    if min(kept_back.mean(), kept_forth.mean()) < LEAST_SHARE:
        kept_back, kept_forth = np.zeros_like(kept_back), np.zeros_like(kept_forth)
    return cv2.merge((back, kept_back)), cv2.merge((forth, kept_forth))


@lru_cache(maxsize=8)
def places(height: int, width: int) -> Float32[np.ndarray, "{height} {width} 2"]:
    """Column and row of every pixel; read-only."""
    rows, columns = np.indices((height, width), np.float32)
    grid = np.dstack((columns, rows))
    grid.flags.writeable = False
    return grid


def sampled(values: Shaped[np.ndarray, "h w *c"], columns: Map, rows: Map) -> np.ndarray:
    """Values at places between pixels, bilinearly; beyond the border those of the border."""
    return cv2.remap(values, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _trusted(
    there_px: Float32[np.ndarray, "h w 2"],
    back_px: Float32[np.ndarray, "h w 2"],
    here: UInt8[np.ndarray, "h w"],
    there: UInt8[np.ndarray, "h w"],
) -> Map:
    """1 where the way from ``here`` to ``there`` holds, else 0."""
    height, width = here.shape
    columns, rows = cv2.split(there_px)
    own_columns, own_rows = cv2.split(places(height, width))
    returned = cv2.split(sampled(back_px, columns, rows))
    astray_px = cv2.magnitude(returned[0] - own_columns, returned[1] - own_rows)
    length_px = cv2.magnitude(columns - own_columns, rows - own_rows)
    change = cv2.subtract(sampled(there, columns, rows), here, dtype=cv2.CV_32F)
    change -= np.median(change[::EVERY, ::EVERY])  # exposure
    inside = (columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1)
    holds = inside & (astray_px <= SLACK_PX + SLACK_PER_PX * length_px)
    holds &= np.abs(change) <= MOST_CHANGE
    return np.asarray(holds, np.float32)
