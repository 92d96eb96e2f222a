"""What surrounds the network in an exported graph: canvas, camera, metres.

Each function is the counterpart of one in Python, named in its docstring; tests compare the two.
"""

import math

import numpy as np
from onnx import TensorProto

from depth_unet.config.model import CanvasConfig
from depth_unet.export.nodes import COLUMNS, FIRST, ROWS, Nodes, Value
from depth_unet.predict.canvas import canvas_sizes


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
