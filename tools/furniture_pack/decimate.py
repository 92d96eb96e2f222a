"""Simplifies meshes by collapsing edges in order of their error.

The error is a quadric error metric (Garland and Heckbert, 1997). No holes are opened: vertices are
welded across materials first, extra planes keep open borders and borders between materials, and an
edge is collapsed only if the link condition holds and no triangle flips.
"""

import heapq
from typing import Any, NamedTuple

import numpy as np

from depth_unet.rooms.render.vectors import compiled
from tools.furniture_pack.quadrics import add_border_planes, edges_of, face_quadrics
from tools.furniture_pack.welding import Surface

MIN_TURN_COSINE = 0.3


class LinkedMesh(NamedTuple):
    """A surface during simplification; linked lists hold the corners at each vertex.

    Attributes:
        points: Positions of the vertices, float64 (v, 3).
        triangles: Numbers of their vertices, int64 (t, 3).
        uv: Texture coordinates of the corners, float64 (t, 3, 2).
        alive: Which triangles still exist, bool (t,).
        head: One corner (3 * triangle + place) at every vertex, -1 for none, int64 (v,).
        following: The next corner at the same vertex, -1 for none, int64 (3 t,).
    """

    points: Any
    triangles: Any
    uv: Any
    alive: Any
    head: Any
    following: Any


def decimate(surface: Surface, num_triangles: int) -> Surface:
    """Collapse edges of a welded surface until ``num_triangles`` or no valid edge is left."""
    if len(surface.triangles) <= num_triangles:
        return surface
    triangles = surface.triangles
    mesh = LinkedMesh(
        points=surface.points_m.copy(),
        triangles=triangles.copy(),
        uv=surface.uv.copy(),
        alive=np.ones(len(triangles), np.bool_),
        head=np.full(len(surface.points_m), -1),
        following=np.full(triangles.size, -1),
    )
    edges, border_weight = edges_of(triangles, surface.part)
    quadrics = face_quadrics(mesh.points, triangles)
    add_border_planes(quadrics, mesh.points, triangles, edges, border_weight)
    _collapse(mesh, quadrics, edges[:, :2].copy(), num_triangles)
    alive = mesh.alive
    return Surface(
        points_m=mesh.points,
        triangles=mesh.triangles[alive],
        uv=mesh.uv[alive],
        part=surface.part[alive],
    )


@compiled
def _best_point(quadric, first, second):  # type: ignore[no-untyped-def]
    """The point with the least error of an edge's quadric, and that error."""
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
def _neighbours(mesh, vertex):  # type: ignore[no-untyped-def]
    found = set([vertex])  # noqa: C405 - Numba knows no set displays.
    corner = mesh.head[vertex]
    while corner >= 0:
        for end in mesh.triangles[corner // 3]:
            found.add(end)
        corner = mesh.following[corner]
    found.remove(vertex)
    return found


@compiled
def _may_collapse(mesh, first, second, point):  # type: ignore[no-untyped-def]
    """Whether the link condition holds and no triangle flips or loses its area."""
    num_shared, corner = 0, mesh.head[first]
    while corner >= 0:
        triangle = mesh.triangles[corner // 3]
        if triangle[0] == second or triangle[1] == second or triangle[2] == second:
            num_shared += 1
        corner = mesh.following[corner]
    around = _neighbours(mesh, first)
    num_common = len(around & _neighbours(mesh, second))
    if num_shared == 0 or num_shared > 2 or num_common != num_shared:
        return False
    return _keeps_facing(mesh, first, second, point) and (_keeps_facing(mesh, second, first, point))


@compiled
def _keeps_facing(mesh, moved, other, point):  # type: ignore[no-untyped-def]
    points, corner = mesh.points, mesh.head[moved]
    while corner >= 0:
        face, place = corner // 3, corner % 3
        b, c = mesh.triangles[face, (place + 1) % 3], mesh.triangles[face, (place + 2) % 3]
        corner = mesh.following[corner]
        if other in (b, c):
            continue
        before = np.cross(points[b] - points[moved], points[c] - points[moved])
        after = np.cross(points[b] - point, points[c] - point)
        scale = np.sqrt((before**2).sum() * (after**2).sum())
        if (before * after).sum() < MIN_TURN_COSINE * scale or scale == 0:
            return False
    return True


@compiled
def _move_uv(mesh, vertex, point):  # type: ignore[no-untyped-def]
    """Extend each face's texture mapping to the new position of a vertex."""
    points, uv, corner = mesh.points, mesh.uv, mesh.head[vertex]
    while corner >= 0:
        face, place = corner // 3, corner % 3
        j, k = (place + 1) % 3, (place + 2) % 3
        a, b = (
            points[mesh.triangles[face, j]] - points[vertex],
            points[mesh.triangles[face, k]] - points[vertex],
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
        corner = mesh.following[corner]


@compiled
def _merge(mesh, first, second):  # type: ignore[no-untyped-def]
    """Move the triangles of ``second`` to ``first``; return the number of removed triangles."""
    triangles, alive, head, following = mesh.triangles, mesh.alive, mesh.head, mesh.following
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
def _remove_dead_corners(mesh, vertex):  # type: ignore[no-untyped-def]
    corner, kept = mesh.head[vertex], -1
    while corner >= 0:
        later = mesh.following[corner]
        if mesh.alive[corner // 3]:
            mesh.following[corner] = kept
            kept = corner
        corner = later
    mesh.head[vertex] = kept


@compiled
def _collapse(mesh, quadrics, edges, num_triangles):  # type: ignore[no-untyped-def]
    """Collapse edges in place, the one with the least error first."""
    points, num = mesh.points, len(mesh.triangles)
    for corner in range(3 * num):
        vertex = mesh.triangles[corner // 3, corner % 3]
        mesh.following[corner], mesh.head[vertex] = mesh.head[vertex], corner
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
        if not _may_collapse(mesh, first, second, point):
            continue
        _move_uv(mesh, first, point)
        _move_uv(mesh, second, point)
        num -= _merge(mesh, first, second)
        points[first], quadrics[first] = point, total
        stamp[first] += 1
        stamp[second] = -1
        for vertex in _neighbours(mesh, first):
            _remove_dead_corners(mesh, vertex)
            cost = _best_point(total + quadrics[vertex], point, points[vertex])[1]
            heapq.heappush(heap, (cost, first, vertex, stamp[first], stamp[vertex]))
