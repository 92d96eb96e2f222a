"""OpenCV's bilinear enlarging as ONNX operators: the same grey levels."""

import numpy as np
from onnx import TensorProto

from depth_unet.export.nodes import Nodes

COEFFICIENT = 2048  # OpenCV enlarges with 11 bits


def enlarge(nodes: Nodes, image: str, old: tuple[str, str], new: tuple[str, str]) -> str:
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
