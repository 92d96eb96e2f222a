"""The one way in which images and depth maps change size before the network sees them."""

import cv2
import numpy as np
from jaxtyping import UInt8, UInt16


def resize_image(
    image: UInt8[np.ndarray, "h w 3"], height: int, width: int
) -> UInt8[np.ndarray, "{height} {width} 3"]:
    """Resize RGB by area averaging (downwards) or bilinear interpolation (upwards).

    Args:
        image: RGB, 0 to 255.
        height: Rows of the result.
        width: Columns of the result.

    Returns:
        RGB, 0 to 255.
    """
    if image.shape[:2] == (height, width):
        return image
    shrinks = image.shape[0] >= height and image.shape[1] >= width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), dtype=np.uint8)


def resize_depth(
    depth_mm: UInt16[np.ndarray, "h w"], height: int, width: int
) -> UInt16[np.ndarray, "{height} {width}"]:
    """Resize depth without inventing any: each value is one that was measured there.

    The value at the centre of each cell is taken. Where that is a hole, the nearest valid value
    of the cell's cross through the centre is taken; where there is none, the cell is a hole.
    Averages would put surfaces in mid-air at every edge, and pull holes (0) towards the camera.

    Args:
        depth_mm: Depth, millimetres; 0 marks a hole.
        height: Rows of the result.
        width: Columns of the result.

    Returns:
        Depth, millimetres; 0 marks a hole.
    """
    if depth_mm.shape == (height, width):
        return depth_mm
    rows = _centres(depth_mm.shape[0], height)
    columns = _centres(depth_mm.shape[1], width)
    resized = depth_mm[np.ix_(rows, columns)]
    reach_rows = depth_mm.shape[0] // height // 2
    reach_columns = depth_mm.shape[1] // width // 2
    for distance in range(1, max(reach_rows, reach_columns) + 1):
        if resized.all():
            break
        row_step, column_step = min(distance, reach_rows), min(distance, reach_columns)
        for down, right in ((-row_step, 0), (row_step, 0), (0, -column_step), (0, column_step)):
            other = depth_mm[
                np.ix_(
                    np.clip(rows + down, 0, depth_mm.shape[0] - 1),
                    np.clip(columns + right, 0, depth_mm.shape[1] - 1),
                )
            ]
            resized = np.where(resized == 0, other, resized)
    return np.ascontiguousarray(resized)


def _centres(old: int, new: int) -> np.ndarray:
    """Index of the old pixel under the centre of each new one."""
    return ((2 * np.arange(new) + 1) * old // (2 * new)).astype(np.intp)
