"""Optical flow between neighbouring frames, and where it can be trusted.

Reference:
    Kroeger et al., Fast Optical Flow using Dense Inverse Search, ECCV 2016 (the flow).
"""

from functools import lru_cache

import cv2
import numpy as np

from depth_unet.arrays import Float32, Shaped, UInt8

SLACK_PX = 1.0
SLACK_PER_PX = 0.05
"""Tolerance of the forward-backward check, pixels: a constant and a share of the motion."""
MOST_CHANGE = 40.0
"""Largest change of a point's grey level, relative to the median change of the frame."""
LEAST_SHARE = 0.2
"""Fewer trusted pixels mean a cut between the frames."""
EVERY = 4
"""Medians over a frame use every fourth row and column."""

Map = Float32[np.ndarray, "h w"]
Flow = Float32[np.ndarray, "h w 3"]
"""Column and row of the same point in the other frame, and 1 where trusted, else 0."""


def match_frames(
    earlier: UInt8[np.ndarray, "h w"], later: UInt8[np.ndarray, "h w"]
) -> tuple[Flow, Flow]:
    """Match the pixels of two frames by optical flow.

    A pixel is trusted if it returns to its place when followed there and back, stays inside the
    frame and keeps its brightness. Across a cut no pixel is trusted.

    Args:
        earlier: A frame, grey.
        later: The next frame.

    Returns:
        The flow from the later frame to the earlier, and from the earlier to the later.
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    grid = pixel_grid(*later.shape)
    # OpenCV's types do not allow None for the output array.
    back = cv2.add(np.asarray(flow.calc(later, earlier, None)), grid)  # type: ignore[call-overload]
    forth = cv2.add(np.asarray(flow.calc(earlier, later, None)), grid)  # type: ignore[call-overload]
    trusted_back = _trusted(back, forth, later, earlier)
    trusted_forth = _trusted(forth, back, earlier, later)
    if min(trusted_back.mean(), trusted_forth.mean()) < LEAST_SHARE:
        trusted_back, trusted_forth = np.zeros_like(trusted_back), np.zeros_like(trusted_forth)
    return cv2.merge((back, trusted_back)), cv2.merge((forth, trusted_forth))


@lru_cache(maxsize=8)
def pixel_grid(height: int, width: int) -> Float32[np.ndarray, "{height} {width} 2"]:
    """Column and row of every pixel; read-only."""
    rows, columns = np.indices((height, width), np.float32)
    grid = np.dstack((columns, rows))
    grid.flags.writeable = False
    return grid


def sample_bilinear(values: Shaped[np.ndarray, "h w *c"], columns: Map, rows: Map) -> np.ndarray:
    """Bilinear values between pixels; outside the frame those of its border."""
    return cv2.remap(values, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _trusted(
    there_px: Float32[np.ndarray, "h w 2"],
    back_px: Float32[np.ndarray, "h w 2"],
    here: UInt8[np.ndarray, "h w"],
    there: UInt8[np.ndarray, "h w"],
) -> Map:
    """1 where the flow from ``here`` to ``there`` can be trusted, else 0."""
    height, width = here.shape
    columns, rows = cv2.split(there_px)
    own_columns, own_rows = cv2.split(pixel_grid(height, width))
    returned = cv2.split(sample_bilinear(back_px, columns, rows))
    error_px = cv2.magnitude(returned[0] - own_columns, returned[1] - own_rows)
    motion_px = cv2.magnitude(columns - own_columns, rows - own_rows)
    change = cv2.subtract(sample_bilinear(there, columns, rows), here, dtype=cv2.CV_32F)
    change -= np.median(change[::EVERY, ::EVERY])  # exposure
    inside = (columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1)
    holds = inside & (error_px <= SLACK_PX + SLACK_PER_PX * motion_px)
    holds &= np.abs(change) <= MOST_CHANGE
    return np.asarray(holds, np.float32)
