"""Fewer triangles for the same form: edges are collapsed, those first that change least.

Quadric error metrics (Garland and Heckbert, 1997). What opens holes in common versions of it is
refused here: vertices are welded over all materials before, open borders and borders between
materials are held by planes of their own, and an edge is only collapsed if the surface stays a
surface (link condition) and no triangle turns over.
"""

import heapq
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64
from numba import njit

from depth_unet.rooms.welding import Surface

BORDER_WEIGHT = 100.0
MATERIAL_WEIGHT = 1.0
MIN_TURN_COSINE = 0.3
compiled: Any = njit(cache=True)


def decimate(surface: Surface, num_triangles: int) -> Surface:
    """Collapse edges until ``num_triangles`` are left, or no edge can go without harm.

    Args:
        surface: Welded triangles.
        num_triangles: How many to leave.
    """
    if len(surface.triangles) <= num_triangles:
        return surface
    points, triangles, uv = surface.points_m.copy(), surface.triangles.copy(), surface.uv.copy()
    edges, is_border = _edges(triangles, surface.part)
    quadrics = _quadrics(points, triangles)
    _hold_borders(quadrics, points, triangles, edges, is_border)
    alive = _collapse(points, triangles, uv, quadrics, edges[:, :2].copy(), num_triangles)
    return Surface(
        points_m=points, triangles=triangles[alive], uv=uv[alive], part=surface.part[alive]
    )


def _edges(
    triangles: Int64[np.ndarray, "t 3"], part: Int64[np.ndarray, " t"]
) -> tuple[Int64[np.ndarray, "e 3"], Float64[np.ndarray, " e"]]:
    """Every edge once with one of its triangles, and the weight of its border, 0 inside."""
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    owner = np.tile(np.arange(len(triangles)), 3)
    ends.sort(axis=1)
    unique, first, inverse, count = np.unique(
        ends, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    inverse = inverse.reshape(-1)
    low, high = np.full(len(unique), part.max() + 1), np.full(len(unique), -1)
    np.minimum.at(low, inverse, part[owner])
    np.maximum.at(high, inverse, part[owner])
    weight = np.where(count == 1, BORDER_WEIGHT, np.where(low != high, MATERIAL_WEIGHT, 0.0))
    return np.column_stack([unique, owner[first]]), weight


def _plane_quadrics(
    normals: Float64[np.ndarray, "k 3"],
    points: Float64[np.ndarray, "k 3"],
    weight: Float64[np.ndarray, " k"],
) -> Float64[np.ndarray, "k 4 4"]:
    plane = np.column_stack([normals, -(normals * points).sum(1)])
    return np.asarray(plane[:, :, None] * plane[:, None] * weight[:, None, None])


def _quadrics(
    points: Float64[np.ndarray, "v 3"], triangles: Int64[np.ndarray, "t 3"]
) -> Float64[np.ndarray, "v 4 4"]:
    corners = points[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normals, axis=1)
    normals /= np.maximum(area, 1e-18)[:, None]
    planes = _plane_quadrics(normals, corners[:, 0], area / 2)
    quadrics = np.zeros((len(points), 4, 4))
    for corner in range(3):
        np.add.at(quadrics, triangles[:, corner], planes)
    # A little pull towards the vertex itself settles what flat surroundings leave open.
    pull = np.broadcast_to(np.eye(4), (len(points), 4, 4)).copy()
    pull[:, 3, :3] = pull[:, :3, 3] = -points
    pull[:, 3, 3] = (points**2).sum(1)
    weight = np.zeros(len(points))
    np.add.at(weight, triangles.ravel(), np.repeat(area, 3))
    return np.asarray(quadrics + pull * (1e-4 * weight)[:, None, None])


def _hold_borders(
    quadrics: Float64[np.ndarray, "v 4 4"],
    points: Float64[np.ndarray, "v 3"],
    triangles: Int64[np.ndarray, "t 3"],
    edges: Int64[np.ndarray, "e 3"],
    weight: Float64[np.ndarray, " e"],
) -> None:
    """Add planes at right angles to the faces along open borders and borders of materials."""
    held = edges[weight > 0]
    corners = points[triangles[held[:, 2]]]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    along = points[held[:, 1]] - points[held[:, 0]]
    across = np.cross(along, faces)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-18)
    scale = weight[weight > 0] * (along**2).sum(1)
    planes = _plane_quadrics(across, points[held[:, 0]], scale)
    for end in range(2):
        np.add.at(quadrics, held[:, end], planes)


@compiled
def _best_point(  # type: ignore[no-untyped-def]
    quadric, first, second
) -> Any:
    """Where the error of an edge's quadric is least, and that error."""
    matrix, right = quadric[:3, :3], -quadric[:3, 3]
    middle = (first + second) / 2
    best, least = middle, _error(quadric, middle)
    reach = ((first - second) ** 2).sum()
    if abs(np.linalg.det(matrix)) > 1e-12 * (np.trace(matrix) / 3) ** 3:
        point = np.linalg.solve(matrix, right)
        if ((point - middle) ** 2).sum() < 4 * reach:
            return point, _error(quadric, point)
    for point in (first, second):
        cost = _error(quadric, point)
        if cost < least:
            best, least = point.copy(), cost
    return best, least


@compiled
def _error(quadric, point):  # type: ignore[no-untyped-def]
    total = quadric[3, 3]
    for i in range(3):
        total += 2 * quadric[i, 3] * point[i]
        for j in range(3):
            total += quadric[i, j] * point[i] * point[j]
    return max(total, 0.0)


@compiled
def _neighbours(triangles, head, following, vertex):  # type: ignore[no-untyped-def]
    found = set([vertex])  # noqa: C405 - Numba knows no set displays.
    corner = head[vertex]
    while corner >= 0:
        for end in triangles[corner // 3]:
            found.add(end)
        corner = following[corner]
    found.remove(vertex)
    return found


@compiled
def _may_collapse(points, triangles, head, following, first, second, point):  # type: ignore[no-untyped-def]
    """The link condition, and that no triangle turns over or loses its area."""
    num_shared, corner = 0, head[first]
    while corner >= 0:
        triangle = triangles[corner // 3]
        if triangle[0] == second or triangle[1] == second or triangle[2] == second:
            num_shared += 1
        corner = following[corner]
    around = _neighbours(triangles, head, following, first)
    num_common = len(around & _neighbours(triangles, head, following, second))
    if num_shared == 0 or num_shared > 2 or num_common != num_shared:
        return False
    return _keeps_facing(points, triangles, head, following, first, second, point) and (
        _keeps_facing(points, triangles, head, following, second, first, point)
    )


@compiled
def _keeps_facing(points, triangles, head, following, moved, other, point):  # type: ignore[no-untyped-def]
    corner = head[moved]
    while corner >= 0:
        face, place = corner // 3, corner % 3
        b, c = triangles[face, (place + 1) % 3], triangles[face, (place + 2) % 3]
        corner = following[corner]
        if other in (b, c):
            continue
        before = np.cross(points[b] - points[moved], points[c] - points[moved])
        after = np.cross(points[b] - point, points[c] - point)
        scale = np.sqrt((before**2).sum() * (after**2).sum())
        if (before * after).sum() < MIN_TURN_COSINE * scale or scale == 0:
            return False
    return True


@compiled
def _move_uv(points, triangles, uv, head, following, vertex, point):  # type: ignore[no-untyped-def]
    """Follow each face's own map from the vertex to its new place."""
    corner = head[vertex]
    while corner >= 0:
        face, place = corner // 3, corner % 3
        j, k = (place + 1) % 3, (place + 2) % 3
        a, b = (
            points[triangles[face, j]] - points[vertex],
            points[triangles[face, k]] - points[vertex],
        )
        step = point - points[vertex]
        aa, ab, bb = (a * a).sum(), (a * b).sum(), (b * b).sum()
        area = aa * bb - ab * ab
        if area > 1e-6 * aa * bb:
            s = ((step * a).sum() * bb - (step * b).sum() * ab) / area
            t = ((step * b).sum() * aa - (step * a).sum() * ab) / area
            if abs(s) < 3 and abs(t) < 3:
                start = uv[face, place].copy()
                uv[face, place] = start + s * (uv[face, j] - start) + t * (uv[face, k] - start)
        corner = following[corner]


@compiled
def _merge(triangles, head, following, alive, first, second):  # type: ignore[no-untyped-def]
    """Give the triangles of ``second`` to ``first``; those of both vanish. Returns how many."""
    removed, kept = 0, -1
    for vertex in (first, second):
        corner = head[vertex]
        while corner >= 0:
            later = following[corner]
            face, place = corner // 3, corner % 3
            other = second if vertex == first else first
            j, k = triangles[face, (place + 1) % 3], triangles[face, (place + 2) % 3]
            if not alive[face] or other in (j, k):
                removed += int(alive[face])
                alive[face] = False
            else:
                following[corner] = kept
                kept = corner
            corner = later
    head[first], head[second] = kept, -1
    corner = kept
    while corner >= 0:
        triangles[corner // 3, corner % 3] = first
        corner = following[corner]
    return removed


@compiled
def _drop_dead(head, following, alive, vertex):  # type: ignore[no-untyped-def]
    corner, kept = head[vertex], -1
    while corner >= 0:
        later = following[corner]
        if alive[corner // 3]:
            following[corner] = kept
            kept = corner
        corner = later
    head[vertex] = kept


@compiled
def _collapse(points, triangles, uv, quadrics, edges, num_triangles) -> Bool[np.ndarray, " t"]:  # type: ignore[no-untyped-def]
    """Collapse in place, cheapest edge first; which triangles are left."""
    num, alive = len(triangles), np.ones(len(triangles), np.bool_)
    head, following = np.full(len(points), -1), np.full(3 * num, -1)
    for corner in range(3 * num):
        vertex = triangles[corner // 3, corner % 3]
        following[corner], head[vertex] = head[vertex], corner
    stamp = np.zeros(len(points), np.int64)
    heap = [(0.0, 0, 0, 0, 0) for _ in range(0)]
    for first, second in edges:
        cost = _best_point(quadrics[first] + quadrics[second], points[first], points[second])[1]
        heap.append((cost, first, second, 0, 0))
    heapq.heapify(heap)
    while num > num_triangles and len(heap) > 0:
        _, first, second, stamp1, stamp2 = heapq.heappop(heap)
        if stamp[first] != stamp1 or stamp[second] != stamp2:
            continue
        total = quadrics[first] + quadrics[second]
        point = _best_point(total, points[first], points[second])[0]
        if not _may_collapse(points, triangles, head, following, first, second, point):
            continue
        _move_uv(points, triangles, uv, head, following, first, point)
        _move_uv(points, triangles, uv, head, following, second, point)
        num -= _merge(triangles, head, following, alive, first, second)
        points[first], quadrics[first] = point, total
        stamp[first] += 1
        stamp[second] = -1
        around = _neighbours(triangles, head, following, first)
        for vertex in around:
            _drop_dead(head, following, alive, vertex)
            cost = _best_point(total + quadrics[vertex], point, points[vertex])[1]
            heapq.heappush(heap, (cost, first, vertex, stamp[first], stamp[vertex]))
    return alive
