"""Resizing: photos by averaging, stored depth and classes by picking, predictions bilinearly.

Augmentation has its own resampling.
"""

import cv2
import numpy as np

from depth_unet.arrays import Float32, UInt8, UInt16

ROWS_AT_ONCE = 64


def resize_image(
    image: UInt8[np.ndarray, "h w 3"], height: int, width: int
) -> UInt8[np.ndarray, "{height} {width} 3"]:
    """Resize RGB (0 to 255), by area averaging to shrink and bilinearly to enlarge."""
    if image.shape[:2] == (height, width):
        return image
    shrinks = image.shape[0] >= height and image.shape[1] >= width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), dtype=np.uint8)


def resize_depth(
    depth_mm: UInt16[np.ndarray, "h w"], height: int, width: int
) -> UInt16[np.ndarray, "{height} {width}"]:
    """Resize depth by picking measured values: an average would lie in mid-air at every edge.

    Each new pixel takes the value at the centre of its cell or, if that is a hole (0), the nearest
    valid value of the cell; a cell without valid values stays a hole. The cell of row i is rows
    ``i * old // new`` up to, not including, ``(i + 1) * old // new``, at least one row; columns
    likewise.

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
    """Resize a class map by taking the class at the centre of each cell of ``resize_depth``."""
    rows, columns = _centres(labels.shape[0], height), _centres(labels.shape[1], width)
    return np.asarray(labels[np.ix_(rows, columns)], dtype=np.uint8)


def resize_bilinear(
    values: Float32[np.ndarray, "h w"], height: int, width: int
) -> Float32[np.ndarray, "{height} {width}"]:
    """Resize predicted values, such as a depth map from the network's size to the photo's.

    Pixels are squares (``align_corners`` is False in the terms of torch), and border values
    continue outwards.
    """
    if values.shape == (height, width):
        return np.ascontiguousarray(values)
    left, right, share = _neighbours(values.shape[1], width)
    wide = _blend(values[:, left], values[:, right], share)
    upper, lower, share = _neighbours(values.shape[0], height)
    resized = np.empty((height, width), np.float32)
    for start in range(0, height, ROWS_AT_ONCE):  # in the processor's cache
        rows = slice(start, start + ROWS_AT_ONCE)
        resized[rows] = _blend(wide[upper[rows]], wide[lower[rows]], share[rows, None])
    return resized


def _neighbours(old: int, new: int) -> tuple[np.ndarray, np.ndarray, Float32[np.ndarray, " {new}"]]:
    """The two old pixels around the centre of each new pixel, and the share of the second."""
    centres = (np.arange(new) + 0.5) * float(np.float32(old / new)) - 0.5
    centres = np.maximum(centres.astype(np.float32), np.float32(0))
    first = centres.astype(np.intp)
    return first, np.minimum(first + 1, old - 1), centres - first.astype(np.float32)


def _blend(
    first: Float32[np.ndarray, "h w"],
    second: Float32[np.ndarray, "h w"],
    share: Float32[np.ndarray, "*hw"],
) -> Float32[np.ndarray, "h w"]:
    """Weighted mean; only one product is rounded before they are added (fused multiply-add).

    These are the bits of ``torch.nn.functional.interpolate`` on x86, with which published figures
    were computed; tiny maps differ from it in the last bit.
    """
    mean = np.multiply(first, 1 - share, dtype=np.float64)
    mean += second * share
    return np.asarray(mean, dtype=np.float32)


def _fill_holes(
    resized: UInt16[np.ndarray, "height width"],
    depth_mm: UInt16[np.ndarray, "h w"],
    rows: np.ndarray,
    columns: np.ndarray,
) -> None:
    """Fill holes of ``resized`` with the valid value nearest to the centre of their cell."""
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
    """Index of the old pixel under the centre of each new pixel."""
    return ((2 * np.arange(new) + 1) * old // (2 * new)).astype(np.intp)


def _cells(old: int, new: int) -> tuple[np.ndarray, np.ndarray]:
    """First old pixel of each new pixel's cell, and the pixel after its last."""
    edges = (np.arange(new + 1) * old // new).astype(np.intp)
    return edges[:-1], np.maximum(edges[:-1] + 1, edges[1:])
