"""Free floor, and smooth paths over it."""

from collections import deque
from itertools import product

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.random import Generator

from depth_unet.rooms.scene import Scene

CELL_M = 0.06
FINE_M = 0.01
MARGINS_M = (0.25, 0.18, 0.1, 0.03, 0.0)
LEAST_AREA_M2 = 1.0
"""If the largest free part of the floor is smaller, the next margin is tried."""
SMOOTH_M = (0.3, 0.15, 0.07)
NEIGHBOURS = tuple(step for step in product((-1, 0, 1), repeat=2) if step != (0, 0))

Cell = tuple[int, int]


def path(scene: Scene, length_m: float, rng: Generator) -> Float[np.ndarray, "n 2"]:
    """Points 1 cm apart along a smooth random path of at least ``length_m``."""
    free = _free_cells(scene)
    cells = np.argwhere(free)
    route = [_pick(cells, rng)]
    # On one or two free cells the path never gets long enough: the camera stands still.
    for _ in range(200):
        if len(route) * CELL_M > 1.1 * length_m:
            break
        route += _shortest_path(free, route[-1], _pick(cells, rng))[1:]
    corners_m = (np.array(route) + 0.5) * CELL_M
    fine_m = _resample(corners_m)
    for sigma_m in SMOOTH_M:
        smooth_m = _smooth(fine_m, sigma_m / FINE_M)
        if is_free(scene, smooth_m, 0.02).all():
            return _resample(smooth_m)
    return fine_m


def points_along(
    fine_m: Float[np.ndarray, "n 2"], distance_m: Float[np.ndarray, " f"]
) -> Float[np.ndarray, "f 2"]:
    """Points at given distances along a path of points 1 cm apart; beyond its end, the end."""
    index = np.arange(len(fine_m)) * FINE_M
    return np.stack([np.interp(distance_m, index, fine_m[:, axis]) for axis in (0, 1)], axis=-1)


def is_free(scene: Scene, places_m: Float[np.ndarray, "n 2"], margin_m: float) -> np.ndarray:
    """Whether each point on the floor is farther than a margin from every footprint."""
    x, y = places_m[:, :1], places_m[:, 1:]
    x0, y0, x1, y1 = scene.footprints_m.astype(np.float64).T
    beside = (x < x0 - margin_m) | (x > x1 + margin_m) | (y < y0 - margin_m) | (y > y1 + margin_m)
    return np.asarray(beside.all(axis=1))


def _free_cells(scene: Scene) -> Bool[np.ndarray, "x y"]:
    """The largest connected part of the floor that is free, as a grid."""
    shape = (max(int(scene.size_m[0] / CELL_M), 1), max(int(scene.size_m[1] / CELL_M), 1))
    centres = (np.moveaxis(np.indices(shape), 0, -1).reshape(-1, 2) + 0.5) * CELL_M
    best = np.ones(shape, np.bool_)
    for margin_m in MARGINS_M:
        edge = np.minimum(centres, np.array(scene.size_m[:2]) - centres).min(axis=1)
        free = (is_free(scene, centres, margin_m) & (edge > margin_m + 0.08)).reshape(shape)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(
            free.astype(np.uint8), connectivity=4
        )
        if len(stats) == 1:
            continue
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        best = labels == largest
        if stats[largest, cv2.CC_STAT_AREA] * CELL_M**2 >= LEAST_AREA_M2:
            break
    return np.asarray(best)


def _pick(cells: Int[np.ndarray, "n 2"], rng: Generator) -> Cell:
    x, y = cells[int(rng.integers(len(cells)))]
    return int(x), int(y)


def _shortest_path(free: Bool[np.ndarray, "x y"], start: Cell, goal: Cell) -> list[Cell]:
    """A shortest path over free cells that does not cut corners (breadth first)."""
    came_from: dict[Cell, Cell] = {goal: goal}
    queue = deque([goal])
    while queue and start not in came_from:
        cell = queue.popleft()
        for step in NEIGHBOURS:
            following = (cell[0] + step[0], cell[1] + step[1])
            if following not in came_from and _passable(free, cell, following):
                came_from[following] = cell
                queue.append(following)
    route = [start]
    while route[-1] != goal and route[-1] in came_from:
        route.append(came_from[route[-1]])
    return route


def _passable(free: Bool[np.ndarray, "x y"], cell: Cell, following: Cell) -> bool:
    (x0, y0), (x1, y1) = cell, following
    inside = 0 <= x1 < free.shape[0] and 0 <= y1 < free.shape[1]
    return inside and bool(free[x1, y1] and free[x0, y1] and free[x1, y0])


def _resample(points_m: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "k 2"]:
    """The same curve with a point every 1 cm."""
    steps_m = np.linalg.norm(np.diff(points_m, axis=0), axis=1)
    along_m = np.concatenate([[0], np.cumsum(steps_m)])
    wanted_m = np.arange(0, along_m[-1] + FINE_M, FINE_M)
    return np.stack([np.interp(wanted_m, along_m, points_m[:, axis]) for axis in (0, 1)], axis=-1)


def _smooth(values: Float[np.ndarray, "n 2"], sigma: float) -> Float[np.ndarray, "n 2"]:
    """Gaussian smoothing along the first axis; the end values are repeated as padding."""
    reach = int(3 * sigma)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    columns = [np.convolve(column, weights / weights.sum(), "valid") for column in padded.T]
    return np.stack(columns, axis=-1)
