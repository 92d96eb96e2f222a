"""What surrounds the network in an exported graph: canvas, resizing, camera, metres.

Each function is the counterpart of one in Python, named in its docstring; tests compare the two.
"""

import math

import numpy as np
from onnx import TensorProto

from depth_unet.config.model import CanvasConfig
from depth_unet.export.nodes import Nodes, Value
from depth_unet.predict.canvas import MULTIPLE, canvas_sizes

COEFFICIENT = 2048  # OpenCV enlarges with 11 bits
TIE = 1e-5  # OpenCV's rounding errors move a tie upwards
FIRST, ROWS, COLUMNS = np.array([0]), np.array([1]), np.array([2])


def choose_canvas(nodes: Nodes, height: str, width: str, canvas: CanvasConfig) -> tuple[str, str]:
    """See ``predict.canvas.canvas_size``; all sizes are int64 of shape (1,)."""
    rows, columns = np.array(canvas_sizes(canvas), dtype=np.int64).T
    across, down = nodes("Mul", height, columns), nodes("Mul", width, rows)
    larger, smaller = (
        nodes("Cast", nodes(function, across, down), to=TensorProto.DOUBLE)
        for function in ("Max", "Min")
    )
    best = nodes("ArgMin", nodes("Div", larger, smaller), axis=0, keepdims=1)
    return nodes("Gather", rows, best), nodes("Gather", columns, best)


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
    shrinks = nodes(
        "And",
        *(nodes("GreaterOrEqual", before, after) for before, after in zip(old, new, strict=True)),
    )
    return nodes.choose(
        nodes("Squeeze", shrinks),
        lambda inside: _average(inside, image, old, new),
        lambda inside: _enlarge(inside, image, old, new),
        rank=4,
    )


def assume_camera(
    nodes: Nodes, camera_px: str, height: str, width: str, canonical_focal: float
) -> list[str]:
    """fx, fy, cx, cy, each b 1; the training camera where all four are 0.

    See ``Intrinsics.assumed``.
    """
    rows, columns = (nodes("Cast", side, to=TensorProto.FLOAT) for side in (height, width))
    focal = nodes("Mul", nodes("Max", rows, columns), np.float32(canonical_focal))
    cx, cy = (
        nodes("Mul", nodes("Sub", side, np.float32(1)), np.float32(0.5)) for side in (columns, rows)
    )
    assumed = nodes("Unsqueeze", nodes("Concat", focal, focal, cx, cy, axis=0), FIRST)
    largest = nodes("ReduceMax", nodes("Abs", camera_px), ROWS, keepdims=1)
    unknown = nodes("Equal", largest, np.float32(0))
    camera = nodes("Where", unknown, assumed, camera_px)
    return nodes.several("Split", 4, camera, axis=1, num_outputs=4)


def relative_camera(nodes: Nodes, camera_px: list[str], height: str, width: str) -> list[Value]:
    """See ``rays.relative_camera``, which does not change when an image is resized; each b 1 1."""
    fx, fy, cx, cy = camera_px
    rows, columns = (nodes("Cast", side, to=TensorProto.FLOAT) for side in (height, width))
    edges = [nodes("Add", centre, np.float32(0.5)) for centre in (cx, cy)]
    shares = (
        nodes("Div", value, side)
        for value, side in ((fx, columns), (fy, rows), (edges[0], columns), (edges[1], rows))
    )
    return [nodes("Unsqueeze", share, COLUMNS) for share in shares]


def depth_ratio(
    nodes: Nodes, fx_px: str, width: str, columns: str, canonical_focal_px: float
) -> str:
    """See ``canonical.depth_per_canonical``; b 1 1 1.

    Args:
        nodes: The graph to add to.
        fx_px: Focal length in pixels of the photo, b 1.
        width: Columns of the photo, int64 of shape (1,).
        columns: Columns of its canvas, likewise.
        canonical_focal_px: The canonical focal length at the recipe's canvas.
    """
    before, after = (nodes("Cast", side, to=TensorProto.FLOAT) for side in (width, columns))
    factor = nodes("Div", after, nodes("Mul", before, np.float32(canonical_focal_px)))
    return nodes("Unsqueeze", nodes("Mul", fx_px, factor), np.array([2, 3]))


def to_photo(nodes: Nodes, values: str, sides: str) -> str:
    """See ``images.resize.resize_bilinear``; from b 1 h2 w2 to b h w."""
    return nodes("Squeeze", nodes.bilinear(values, sides), ROWS)


def half_width(nodes: Nodes, depth_m: str, log_spread: str) -> str:
    """See ``predict.prediction.half_width``."""
    k = nodes("Exp", nodes("Mul", nodes("Exp", log_spread), np.float32(math.log(5))))
    twice_sinh = nodes("Sub", k, nodes("Reciprocal", k))
    return nodes("Mul", nodes("Mul", depth_m, np.float32(0.5)), twice_sinh)


def _average(nodes: Nodes, image: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    """Area averaging of ``cv2.resize(..., INTER_AREA)``, 16 rows or columns at a time.

    Weights are whole numbers, so that sums are exact as long as they have 24 bits. OpenCV rounds
    ties to even where both factors are whole numbers, up where both are 2, and else as its own
    rounding errors have it, mostly up.
    """
    (height, width), (rows, columns) = old, new
    line = nodes("Mul", width, np.array([3]))
    lines = nodes("Reshape", image, nodes("Concat", np.array([0]), np.array([0]), line, axis=0))
    row_step, row_parts = _steps(nodes, height, rows)
    column_step, column_parts = _steps(nodes, width, columns)

    def average_rows(inside: Nodes, number: str) -> str:
        start, stop, weights = _block(inside, number, row_step, row_parts)
        part = inside("Slice", lines, start, stop, ROWS)
        return inside("MatMul", weights, inside("Cast", part, to=TensorProto.FLOAT))

    blocks = nodes.stack(_number_of_blocks(nodes, rows), average_rows, rank=4)
    batch_first = nodes("Transpose", blocks, perm=[1, 0, 2, 3])
    shape = nodes("Concat", np.array([0]), np.array([-1]), line, axis=0)
    fewer = nodes("Reshape", batch_first, shape)

    def average_columns(inside: Nodes, number: str) -> str:
        start, stop, weights = _block(inside, number, column_step, column_parts)
        start, stop = (inside("Mul", place, np.array([3])) for place in (start, stop))
        part = inside("Slice", fewer, start, stop, COLUMNS)
        spread = inside("Unsqueeze", inside("Transpose", weights, perm=[1, 0]), np.array([1, 2]))
        channels = np.eye(3, dtype=np.float32)[None, :, :, None]
        matrix = inside("Reshape", inside("Mul", spread, channels), np.array([-1, 3 * MULTIPLE]))
        return inside("MatMul", part, matrix)

    count = _number_of_blocks(nodes, columns)
    blocks = nodes.stack(count, average_columns, rank=4)
    blocks = nodes("Reshape", blocks, np.array([0, 0, 0, 3, MULTIPLE]))
    sums = nodes(
        "Reshape", nodes("Transpose", blocks, perm=[1, 3, 2, 0, 4]), np.array([0, 0, 0, -1])
    )
    return _divide(nodes, sums, (row_step, row_parts), (column_step, column_parts))


def _divide(nodes: Nodes, sums: str, rows: tuple[str, str], columns: tuple[str, str]) -> str:
    """Whole numbers from the sums over cells; see ``_average``."""
    area = nodes("Cast", nodes("Mul", rows[0], columns[0]), to=TensorProto.FLOAT)
    fine = nodes("Equal", nodes("Mul", rows[1], columns[1]), np.array([1]))
    both_two = nodes(
        "And",
        *(nodes("Equal", step, np.array([2])) for step in (rows[0], columns[0])),
    )
    to_even = nodes("And", fine, nodes("Not", both_two))
    tie = nodes("Where", to_even, np.float32(0), np.float32(TIE))
    mean = nodes("Mul", sums, nodes("Reciprocal", area))
    return nodes("Round", nodes("Add", mean, tie))


def _steps(nodes: Nodes, old: str, new: str) -> tuple[str, str]:
    """``old / new`` as a fraction in lowest terms: the parts of one new cell, and of one pixel."""
    one = np.int64(1)
    candidates = nodes("Range", one, nodes("Add", nodes("Squeeze", new), one), one)
    remainders = nodes("Add", *(nodes("Mod", side, candidates) for side in (old, new)))
    divides = nodes("Equal", remainders, np.int64(0))
    divisors = nodes("Where", divides, candidates, one)
    divisor = nodes("ReduceMax", divisors, keepdims=1)
    return nodes("Div", old, divisor), nodes("Div", new, divisor)


def _number_of_blocks(nodes: Nodes, side: str) -> str:
    return nodes("Div", nodes("Squeeze", side), np.int64(MULTIPLE))


def _block(nodes: Nodes, number: str, step: str, parts: str) -> tuple[str, str, str]:
    """First pixel, end, and weights (16 n) of the pixels under 16 new cells.

    A cell has ``step`` parts, a pixel has ``parts`` of them, and a weight counts those they share.
    """
    begin = nodes("Mul", nodes("Mul", step, np.array([MULTIPLE])), number)
    end = nodes("Add", begin, nodes("Mul", step, np.array([MULTIPLE])))
    start = nodes("Div", begin, parts)
    last = nodes("Sub", parts, np.array([1]))
    stop = nodes("Div", nodes("Add", end, last), parts)
    pixels = nodes("Range", nodes("Squeeze", start), nodes("Squeeze", stop), np.int64(1))
    left = nodes("Sub", nodes("Mul", pixels, parts), begin)
    right = nodes("Add", left, parts)
    cell_left = nodes("Mul", np.arange(MULTIPLE)[:, None], step)
    cell_right = nodes("Add", cell_left, step)
    shared = nodes("Sub", nodes("Min", right, cell_right), nodes("Max", left, cell_left))
    weights = nodes("Cast", nodes("Max", shared, np.int64(0)), to=TensorProto.FLOAT)
    return start, stop, weights


def _enlarge(nodes: Nodes, image: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    """The fixed-point arithmetic of ``cv2.resize(..., INTER_LINEAR)``."""
    left, right, left_share, right_share = _neighbours(nodes, old[1], new[1], at_edge=True)
    upper, lower, upper_share, lower_share = _neighbours(nodes, old[0], new[0], at_edge=False)

    def weigh(values: str, places: str, shares: str, axis: int) -> str:
        picked = nodes("Gather", values, places, axis=axis)
        picked = nodes("Cast", picked, to=TensorProto.INT32)
        return nodes("Mul", picked, nodes("Unsqueeze", shares, np.arange(1, 4 - axis)))

    across = nodes("Add", weigh(image, left, left_share, 2), weigh(image, right, right_share, 2))
    across = nodes("Div", across, np.int32(2**4))
    halves = (
        nodes("Div", weigh(across, places, shares, 1), np.int32(2**16))
        for places, shares in ((upper, upper_share), (lower, lower_share))
    )
    total = nodes("Div", nodes("Add", nodes("Add", *halves), np.int32(2)), np.int32(4))
    grey = nodes("Cast", total, to=TensorProto.FLOAT)
    return nodes("Transpose", grey, perm=[0, 3, 1, 2])


def _neighbours(nodes: Nodes, old: str, new: str, *, at_edge: bool) -> tuple[str, str, str, str]:
    """The two pixels beside each new one, and their shares of 2048.

    OpenCV takes the pixel at the edge alone for columns, and twice for rows.
    """
    before, after = (nodes("Cast", side, to=TensorProto.DOUBLE) for side in (old, new))
    scale = nodes("Reciprocal", nodes("Div", after, before))
    steps = nodes("Range", np.int64(0), nodes("Squeeze", new), np.int64(1))
    middles = nodes("Add", nodes("Cast", steps, to=TensorProto.DOUBLE), np.float64(0.5))
    place = nodes("Sub", nodes("Mul", middles, scale), np.float64(0.5))
    place = nodes("Cast", place, to=TensorProto.FLOAT)
    floor = nodes("Floor", place)
    share = nodes("Sub", place, floor)
    first = nodes("Cast", floor, to=TensorProto.INT64)
    last = nodes("Sub", old, np.array([1]))
    if at_edge:
        inside = nodes(
            "And",
            nodes("GreaterOrEqual", first, np.int64(0)),
            nodes("Less", first, last),
        )
        share = nodes("Where", inside, share, np.float32(0))

    def limit(pixel: str) -> str:
        return nodes("Max", nodes("Min", pixel, last), np.int64(0))

    def fixed(value: str) -> str:
        scaled = nodes("Round", nodes("Mul", value, np.float32(COEFFICIENT)))
        return nodes("Cast", scaled, to=TensorProto.INT32)

    second = nodes("Add", first, np.int64(1))
    rest = nodes("Sub", np.float32(1), share)
    return limit(first), limit(second), fixed(rest), fixed(share)
