"""The benchmark of flying points counts what it says."""

from pathlib import Path

import numpy as np

from benchmarks.accuracy.flying import EDGES, count_points
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.source import PairsSource


def test_counts_of_the_truth_and_of_a_wall(box_rooms: Path) -> None:
    """No point of the true depth flies; beside a wall of one depth, all do, and no edge is cut."""
    source = PairsSource(box_rooms)
    frame = source.read(0)
    depth_m = frame.depth_mm.astype(np.float32) / 1000

    def truth(image: np.ndarray, intrinsics: Intrinsics) -> np.ndarray:  # noqa: ARG001
        return depth_m

    def wall(image: np.ndarray, intrinsics: Intrinsics) -> np.ndarray:  # noqa: ARG001
        return np.full_like(depth_m, 2)

    pixels, near, flying, flattened, *by_edge = count_points(truth, frame, source)
    assert (pixels, flying, flattened) == (depth_m.size, 0, 0)
    assert 0 < near < pixels
    left_out, flying_left_out = by_edge[::2], by_edge[1::2]
    assert len(left_out) == len(EDGES)
    assert left_out[0] > 0
    assert left_out == sorted(left_out, reverse=True)  # The higher the jump, the fewer points.
    assert flying_left_out == [0] * len(EDGES)

    counts = count_points(wall, frame, source).tolist()
    assert counts == [pixels, near, near, near] + [0] * 2 * len(EDGES)
