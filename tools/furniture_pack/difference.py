"""Measures how much a simplified model differs from the original, seen from six sides."""

import numpy as np
from embreex.mesh_construction import TriangleMesh  # type: ignore[import-untyped]
from embreex.rtcore_scene import EmbreeScene  # type: ignore[import-untyped]
from jaxtyping import Float32

from tools.furniture_pack.welding import Surface

NUM_RAYS = 72
"""Along each side of a view."""
MAX_SHIFT = 0.015
"""Depth may change by this share of the model's longest side."""


def visible_difference(original: Surface, simple: Surface) -> float:
    """Share of rays that hit the original but hit the simplified surface elsewhere or not at all.

    The result is the largest share of the six views, 0 to 1, or 1 if either surface is empty.
    """
    if len(original.triangles) == 0 or len(simple.triangles) == 0:
        return 1.0
    low, high = original.points_m.min(0), original.points_m.max(0)
    longest = float((high - low).max())
    trees = [_tree(surface) for surface in (original, simple)]
    shares = []
    for axis in range(3):
        for side in (-1.0, 1.0):
            origins, directions = _view(low, high, axis, side)
            before, after = (tree[0].run(origins, directions, output=1)["tfar"] for tree in trees)
            is_hit = before < 1e30
            is_other = np.abs(before - after) > MAX_SHIFT * longest
            shares.append((is_hit & is_other).sum() / max(int(is_hit.sum()), 1))
    return float(max(shares))


def _tree(surface: Surface) -> tuple[EmbreeScene, TriangleMesh]:
    tree = EmbreeScene()
    vertices = surface.points_m.astype(np.float32)
    return tree, TriangleMesh(tree, vertices, surface.triangles.astype(np.int32))


def _view(
    low: np.ndarray, high: np.ndarray, axis: int, side: float
) -> tuple[Float32[np.ndarray, "n 3"], Float32[np.ndarray, "n 3"]]:
    """Parallel rays along an axis through a grid over the bounding box."""
    others = [number for number in range(3) if number != axis]
    steps = (np.arange(NUM_RAYS) + 0.5) / NUM_RAYS
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    origins = np.empty((len(grid), 3), np.float32)
    origins[:, others] = low[others] + grid * (high - low)[others]
    origins[:, axis] = (low if side > 0 else high)[axis] - side
    directions = np.zeros_like(origins)
    directions[:, axis] = side
    return origins, directions
