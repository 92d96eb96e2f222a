"""How stored frames change size: photos by averaging, depth and classes by picking.

Preparing, loading and scoring resize with these; augmentation resamples on its own.
"""

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
    of the whole cell is taken; where the cell has none, it stays a hole. The cell of row i is rows
    ``i * old // new`` to before ``(i + 1) * old // new``, at least one; columns likewise.
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
    rows, columns = _centres(depth_mm.shape[0], height), _centres(depth_mm.shape[1], width)
    resized = depth_mm[np.ix_(rows, columns)]
    if not resized.all():
        _fill_holes(resized, depth_mm, rows, columns)
    return np.asarray(resized, dtype=np.uint16)


def resize_labels(
    labels: UInt8[np.ndarray, "h w"], height: int, width: int
) -> UInt8[np.ndarray, "{height} {width}"]:
    """Resize a map of classes: the class at the centre of each cell, as ``resize_depth`` has it.

    Args:
        labels: Classes.
        height: Rows of the result.
        width: Columns of the result.
    """
    rows, columns = _centres(labels.shape[0], height), _centres(labels.shape[1], width)
    return np.asarray(labels[np.ix_(rows, columns)], dtype=np.uint8)


def _fill_holes(
    resized: UInt16[np.ndarray, "height width"],
    depth_mm: UInt16[np.ndarray, "h w"],
    rows: np.ndarray,
    columns: np.ndarray,
) -> None:
    """Give holes of ``resized`` the valid value of their cell that is nearest to its centre."""
    tops, bottoms = _cells(depth_mm.shape[0], len(rows))
    lefts, rights = _cells(depth_mm.shape[1], len(columns))
    largest = np.maximum.reduceat(np.maximum.reduceat(depth_mm, tops, axis=0), lefts, axis=1)
    down, right = np.nonzero((resized == 0) & (largest > 0))
    offsets = sorted(
        (y * y + x * x, y, x)
        for y in range(int((tops - rows).min()), int((bottoms - rows).max()))
        for x in range(int((lefts - columns).min()), int((rights - columns).max()))
    )
    for _, y, x in offsets:
        if not len(down):
            return
        row, column = rows[down] + y, columns[right] + x
        inside = (tops[down] <= row) & (row < bottoms[down])
        inside &= (lefts[right] <= column) & (column < rights[right])
        found = np.zeros(len(down), np.uint16)
        found[inside] = depth_mm[row[inside], column[inside]]
        resized[down, right] = found
        down, right = down[found == 0], right[found == 0]


def _centres(old: int, new: int) -> np.ndarray:
    """Index of the old pixel under the centre of each new one."""
    return ((2 * np.arange(new) + 1) * old // (2 * new)).astype(np.intp)


def _cells(old: int, new: int) -> tuple[np.ndarray, np.ndarray]:
    """First old pixel of each new one's cell, and the one after its last."""
    edges = (np.arange(new + 1) * old // new).astype(np.intp)
    return edges[:-1], np.maximum(edges[:-1] + 1, edges[1:])
