"""OpenCV's resizing as ONNX operators, for photos of any size: the same grey levels."""

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from depth_unet.export.enlarge import enlarge
from depth_unet.export.nodes import COLUMNS, FIRST, ROWS, Nodes
from depth_unet.predict.canvas import MULTIPLE

NEAR_TIE = 2e-4  # grey levels, well above the rounding errors of a mean
SMALLEST_SHARE = 1e-3  # OpenCV leaves out a smaller part of a pixel
SAME, REST = np.array([0]), np.array([-1])  # sizes for Reshape


def resize_image(nodes: Nodes, image: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    """See ``images.resize.resize_image``.

    Args:
        nodes: The graph to add to.
        image: uint8, b h w 3.
        old: h and w, int64 of shape (1,).
        new: Rows and columns of the result, multiples of 16.

    Returns:
        Whole numbers from 0 to 255, float32, b 3 h2 w2.
    """
    same = _both(nodes, "Equal", old, new)
    return nodes.choose(
        same,
        lambda inside: inside(
            "Transpose", inside("Cast", image, to=TensorProto.FLOAT), perm=[0, 3, 1, 2]
        ),
        lambda inside: _resample(inside, image, old, new),
        rank=4,
    )


def _both(nodes: Nodes, comparison: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    """Whether a comparison holds for both sides; a bool scalar."""
    sides = (nodes(comparison, before, after) for before, after in zip(old, new, strict=True))
    return nodes("Squeeze", nodes("And", *sides))


def _resample(nodes: Nodes, image: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    return nodes.choose(
        _both(nodes, "GreaterOrEqual", old, new),
        lambda inside: _average(inside, image, old, new),
        lambda inside: enlarge(inside, image, old, new),
        rank=4,
    )


def _average(nodes: Nodes, image: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    """Area averaging of ``cv2.resize(..., INTER_AREA)``, 16 rows and then 16 columns at a time.

    A product with all rows at once would cost ten times as much for a large photo, and a copy of it
    in float32. Weights are whole numbers, so that sums are exact as long as they have 24 bits.
    """
    (height, width), (rows, columns) = old, new
    line = nodes("Mul", width, np.array([3]))
    lines = nodes("Reshape", image, nodes("Concat", SAME, SAME, line, axis=0))
    row_cells = _Cells(nodes, height, rows)

    def average_rows(inside: Nodes, number: str) -> str:
        start, stop, weights = row_cells.block(inside, number, row_cells.weights)
        part = inside("Slice", lines, start, stop, ROWS)
        return inside("MatMul", weights, inside("Cast", part, to=TensorProto.FLOAT))

    blocks = nodes.stack(row_cells.count, average_rows, rank=4)
    fewer = nodes(
        "Reshape",
        nodes("Transpose", blocks, perm=[1, 0, 2, 3]),
        nodes("Concat", SAME, REST, line, axis=0),
    )
    column_cells = _Cells(nodes, width, columns)
    matrices = column_cells.for_channels(nodes)

    def average_columns(inside: Nodes, number: str) -> str:
        start, stop, matrix = column_cells.block(inside, number, matrices)
        start, stop = (inside("Mul", pixel, np.array([3])) for pixel in (start, stop))
        return inside("MatMul", inside("Slice", fewer, start, stop, COLUMNS), matrix)

    blocks = nodes.stack(column_cells.count, average_columns, rank=4)
    blocks = nodes("Reshape", blocks, np.array([0, 0, 0, 3, MULTIPLE]))
    blocks = nodes("Transpose", blocks, perm=[1, 3, 2, 0, 4])
    sums = nodes("Reshape", blocks, np.array([0, 0, 0, -1]))
    return _divide(nodes, image, sums, old, (row_cells, column_cells))


@dataclass(slots=True)
class _Cells:
    """How the pixels of one axis, ``old``, are shared by the cells of fewer new ones, ``new``.

    Attributes:
        step: A cell is this number of parts; int64 of shape (1,), as all sizes.
        parts: A pixel is this number of parts; the smallest such that both are whole numbers.
        count: Number of blocks of 16 cells, int64.
        starts: First pixel of each block.
        length: Number of pixels of a block.
        weights: The number of parts that pixels share with cells, float32, count 16 length.
    """

    step: str
    parts: str
    count: str
    starts: str
    length: str
    weights: str

    def __init__(self, nodes: Nodes, old: str, new: str) -> None:
        divisor = _common_divisor(nodes, old, new)
        self.step, self.parts = nodes("Div", old, divisor), nodes("Div", new, divisor)
        self.count = nodes("Div", nodes("Squeeze", new), np.int64(MULTIPLE))
        block = nodes("Mul", self.step, np.array([MULTIPLE]))
        begin = nodes("Mul", block, nodes("Range", np.int64(0), self.count, np.int64(1)))
        span = nodes("Add", nodes("Div", block, self.parts), np.array([2]))
        self.length = nodes("Min", span, old)
        last = nodes("Sub", old, self.length)
        self.starts = nodes("Min", nodes("Div", begin, self.parts), last)
        steps = nodes("Range", np.int64(0), nodes("Squeeze", self.length), np.int64(1))
        pixels = nodes("Add", nodes("Unsqueeze", self.starts, ROWS), steps)
        left = nodes("Sub", nodes("Mul", pixels, self.parts), nodes("Unsqueeze", begin, ROWS))
        left = nodes("Cast", nodes("Unsqueeze", left, ROWS), to=TensorProto.FLOAT)
        step, parts = (
            nodes("Cast", size, to=TensorProto.FLOAT) for size in (self.step, self.parts)
        )
        cell_left = nodes("Mul", np.arange(MULTIPLE, dtype=np.float32)[:, None], step)
        right, cell_right = nodes("Add", left, parts), nodes("Add", cell_left, step)
        shared = nodes("Sub", nodes("Min", right, cell_right), nodes("Max", left, cell_left))
        self.weights = nodes("Relu", shared)

    def block(self, inside: Nodes, number: str, weights: str) -> tuple[str, str, str]:
        """First pixel of a block, the one after its last, and its part of ``weights``."""
        start = inside("Gather", self.starts, inside("Unsqueeze", number, FIRST))
        stop = inside("Add", start, self.length)
        return start, stop, inside("Gather", weights, number)

    def for_channels(self, nodes: Nodes) -> str:
        """Weights for a row of interleaved RGB, count (3 length) 48, with the channel first."""
        spread = nodes("Transpose", self.weights, perm=[0, 2, 1])
        spread = nodes("Unsqueeze", spread, np.array([2, 3]))
        matrices = nodes("Mul", spread, np.eye(3, dtype=np.float32)[:, :, None])
        size = nodes("Mul", self.length, np.array([3]))
        shape = nodes("Concat", SAME, size, np.array([3 * MULTIPLE]), axis=0)
        return nodes("Reshape", matrices, shape)

    def opencv_shares(self, nodes: Nodes, old: str, cell: str) -> tuple[str, str]:
        """The pixels of some cells and OpenCV's weights for them (see its computeResizeAreaTab).

        Args:
            nodes: The graph to add to.
            old: Pixels of the axis.
            cell: Numbers of the cells, n.

        Returns:
            Pixels (n k) and weights (n k, float32); 0 where a cell has fewer than k.
        """
        parts, step, size, number = (
            nodes("Cast", x, to=TensorProto.DOUBLE) for x in (self.parts, self.step, old, cell)
        )
        scale = nodes("Reciprocal", nodes("Div", parts, step))
        begin = nodes("Mul", nodes("Unsqueeze", number, ROWS), scale)
        end = nodes("Add", begin, scale)
        cell_width = nodes("Min", scale, nodes("Sub", size, begin))
        last = nodes("Min", nodes("Floor", end), nodes("Sub", size, np.float64(1)))
        first = nodes("Min", nodes("Ceil", begin), last)
        before, after = nodes("Sub", first, begin), nodes("Sub", end, last)
        count = nodes("Add", nodes("Floor", nodes("Squeeze", scale)), np.float64(4))
        steps = nodes("Range", np.float64(-1), count, np.float64(1))
        pixel = nodes("Add", first, steps)

        def present(share: str) -> str:
            enough = nodes("Greater", share, np.float64(SMALLEST_SHARE))
            return nodes("Where", enough, share, np.float64(0))

        inner = nodes("Where", nodes("Less", pixel, last), np.float64(1), np.float64(0))
        at_end = nodes("Min", nodes("Min", present(after), np.float64(1)), cell_width)
        share = nodes("Where", nodes("Equal", pixel, last), at_end, inner)
        share = nodes("Where", nodes("Less", pixel, first), present(before), share)
        weights = nodes("Cast", nodes("Div", share, cell_width), to=TensorProto.FLOAT)
        limited = nodes("Max", nodes("Min", pixel, last), np.float64(0))
        return nodes("Cast", limited, to=TensorProto.INT64), weights


def _common_divisor(nodes: Nodes, old: str, new: str) -> str:
    """The greatest common divisor, by trying all numbers up to ``new``."""
    one = np.int64(1)
    candidates = nodes("Range", one, nodes("Add", nodes("Squeeze", new), one), one)
    remainders = nodes("Add", *(nodes("Mod", side, candidates) for side in (old, new)))
    divides = nodes("Equal", remainders, np.int64(0))
    return nodes("ReduceMax", nodes("Where", divides, candidates, one), keepdims=1)


def _divide(
    nodes: Nodes, image: str, sums: str, old: tuple[str, str], cells: tuple[_Cells, _Cells]
) -> str:
    """Whole numbers from the sums over cells.

    Where both factors are whole numbers, OpenCV rounds ties to even, and up where both are 2. Where
    not, its own rounding errors decide, so that its arithmetic is repeated near ties.
    """
    rows, columns = cells
    area = nodes("Cast", nodes("Mul", rows.step, columns.step), to=TensorProto.FLOAT)
    mean = nodes("Mul", sums, nodes("Reciprocal", area))
    both_two = nodes("And", *(nodes("Equal", c.step, np.array([2])) for c in cells))
    tie = nodes("Where", both_two, np.float32(NEAR_TIE), np.float32(0))
    rounded = nodes("Round", nodes("Add", mean, tie))
    whole = nodes("Equal", nodes("Mul", rows.parts, columns.parts), np.array([1]))
    return nodes.choose(
        nodes("Squeeze", whole),
        lambda inside: inside("Identity", rounded),
        lambda inside: _settle_ties(inside, image, (mean, rounded), old, cells),
        rank=4,
    )


def _settle_ties(
    nodes: Nodes,
    image: str,
    values: tuple[str, str],
    old: tuple[str, str],
    cells: tuple[_Cells, _Cells],
) -> str:
    """Round means near a tie as OpenCV does: float32 sums along a row's pixels, then over rows."""
    mean, rounded = values
    distance = nodes("Sub", nodes("Sub", mean, nodes("Floor", mean)), np.float32(0.5))
    near = nodes("Less", nodes("Abs", distance), np.float32(NEAR_TIE))
    places = nodes("NonZero", near)
    photo, channel, row, column = (
        nodes("Squeeze", axis, FIRST) for axis in nodes.several("Split", 4, places, num_outputs=4)
    )
    across, column_shares = cells[1].opencv_shares(nodes, old[1], column)
    down, row_shares = cells[0].opencv_shares(nodes, old[0], row)
    lines = nodes("Add", nodes("Unsqueeze", nodes("Mul", photo, old[0]), ROWS), down)
    pixels = nodes(
        "Add",
        nodes("Mul", nodes("Unsqueeze", lines, COLUMNS), old[1]),
        nodes("Unsqueeze", across, ROWS),
    )
    channels = nodes("Unsqueeze", channel, np.array([1, 2]))
    indices = nodes("Add", nodes("Mul", pixels, np.array([3])), channels)
    grey = nodes("Gather", nodes("Reshape", image, REST), indices)
    grey = nodes("Cast", grey, to=TensorProto.FLOAT)
    sums = _sum_in_order(nodes, nodes("Mul", grey, nodes("Unsqueeze", column_shares, ROWS)), 2)
    sums = _sum_in_order(nodes, nodes("Mul", sums, row_shares), 1)
    places = nodes("Transpose", places, perm=[1, 0])
    return nodes("ScatterND", rounded, places, nodes("Round", sums))


def _sum_in_order(nodes: Nodes, terms: str, axis: int) -> str:
    """Sum from the first term to the last; other sums may add them in any order."""
    return nodes("Gather", nodes("CumSum", terms, np.int64(axis)), np.int64(-1), axis=axis)
