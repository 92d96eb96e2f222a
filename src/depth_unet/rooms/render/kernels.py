"""Compiled inner loops that follow rays to surfaces and lights.

Random numbers are an additive sequence (Richtmyer: multiples of square roots of primes) along a
Z-order curve over the image. Neighbouring pixels get complementary numbers, so averaging neighbours
removes more noise than with independent numbers. The same seed gives the same numbers in every
process.
"""

from typing import Any, NamedTuple

import numpy as np

from depth_unet.rooms.render.lights import BACKDROP_TEXELS
from depth_unet.rooms.render.scene_arrays import (
    LEVEL_TEXELS,
    MAX_ALBEDO,
    SRGB_TO_LINEAR,
    TEXTURE_TEXELS,
)
from depth_unet.rooms.render.vectors import (
    along,
    at,
    blend,
    compiled,
    dot,
    norm,
    put,
    scale,
    subtract,
)

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79)
STRIDES = np.array([int((prime**0.5 % 1) * 2**32) | 1 for prime in PRIMES], np.uint32)
NUM_DIMENSIONS = len(PRIMES)

OFFSET_M = np.float32(1e-3)  # Secondary rays start above the surface, or they would hit it.
FAR_M = np.float32(1e6)
HALF = np.float32(0.5)
ONE = np.float32(1)
LEAST_COSINE = np.float32(0.7)  # Normals that differ by more than 45 degrees share no light.
# Share of the depth: points farther from a plane do not belong to it.
PLANE_TOLERANCE = np.float32(0.02)
STEPS = np.array(
    [[0, 0], [0, 1], [1, 0], [0, -1], [-1, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]], np.int64
)
LEVEL_STARTS = np.cumsum([0, *[side * side for side in LEVEL_TEXELS]])[:-1].astype(np.int64)
LEVEL_SIDES = np.array(LEVEL_TEXELS, np.int64)


class Points(NamedTuple):
    """Points at which rays hit surfaces.

    Attributes:
        position_m: Just above the surface, float32 (p, 3).
        normal: Interpolated, towards the ray's origin, float32 (p, 3).
        albedo: Including the texture, float32 (p, 3).
        gloss: Float32 (p,).
        ray: Index of the ray, int64 (p,).
    """

    position_m: Any
    normal: Any
    albedo: Any
    gloss: Any
    ray: Any


@compiled
def uniform(index, dimension, shifts):  # type: ignore[no-untyped-def]
    """A number in [0, 1) of the sequence that belongs to ``dimension``."""
    word = np.uint32(np.uint32(index) * STRIDES[dimension] + shifts[dimension])
    return np.float32(word >> np.uint32(8)) * np.float32(1 / 16777216)


@compiled
def first_light(origin, direction, limit, lights):  # type: ignore[no-untyped-def]
    """Nearest light along a ray before ``limit``: (number or -1, distance, u, v)."""
    nearest, nearest_u, nearest_v, number = limit, np.float32(0), np.float32(0), -1
    for light in range(len(lights.area_m2)):
        normal = at(lights.normal, light)
        cosine = dot(direction, normal)
        if abs(cosine) < np.float32(1e-7) or (cosine > 0 and not lights.is_window[light]):
            continue
        offset = subtract(origin, at(lights.corner_m, light))
        distance = -dot(offset, normal) / cosine
        if distance < OFFSET_M or distance >= nearest:
            continue
        offset = along(offset, direction, distance)
        u, v = dot(offset, at(lights.dual_u, light)), dot(offset, at(lights.dual_v, light))
        if 0 <= u <= 1 and 0 <= v <= 1:
            nearest, nearest_u, nearest_v, number = distance, u, v, light
    return number, nearest, nearest_u, nearest_v


@compiled
def depth_of(origins, directions, distances, lights):  # type: ignore[no-untyped-def]
    """Distance to the nearest surface or light; 0 if there is none."""
    depth = np.empty(len(distances), np.float32)
    for ray in range(len(distances)):
        limit = min(distances[ray], FAR_M)
        origin, direction = at(origins, ray), at(directions, ray)
        number, distance, _, _ = first_light(origin, direction, limit, lights)
        depth[ray] = distance if number >= 0 or distances[ray] < FAR_M else 0
    return depth


@compiled
def jitter_rays(directions, step_x, step_y, indices, shifts):  # type: ignore[no-untyped-def]
    """Rays through random points of their pixels."""
    moved = np.empty_like(directions)
    for ray in range(len(directions)):
        a, b = uniform(indices[ray], 0, shifts) - HALF, uniform(indices[ray], 1, shifts) - HALF
        for axis in range(3):
            moved[ray, axis] = directions[ray, axis] + a * step_x[axis] + b * step_y[axis]
    return moved


@compiled
def texel(texels, row):  # type: ignore[no-untyped-def]
    """Linear colour of one texel."""
    return (
        SRGB_TO_LINEAR[texels[row, 0]],
        SRGB_TO_LINEAR[texels[row, 1]],
        SRGB_TO_LINEAR[texels[row, 2]],
    )


@compiled
def texture_colour(texels, number, u, v, level):  # type: ignore[no-untyped-def]
    """Linear colour of a texture, interpolated between four texels of one level."""
    side = LEVEL_SIDES[level]
    start = number * TEXTURE_TEXELS + LEVEL_STARTS[level]
    x = (u - np.floor(u)) * np.float32(side) - HALF
    y = (np.floor(v) - v + ONE) * np.float32(side) - HALF
    left, top = int(np.floor(x)), int(np.floor(y))
    x -= np.float32(left)
    y -= np.float32(top)
    # The sides are powers of two: & wraps around.
    upper = start + (top & (side - 1)) * side
    lower = start + ((top + 1) & (side - 1)) * side
    right = (left + 1) & (side - 1)
    left &= side - 1
    colour = scale(texel(texels, upper + left), (ONE - x) * (ONE - y))
    colour = along(colour, texel(texels, upper + right), x * (ONE - y))
    colour = along(colour, texel(texels, lower + left), (ONE - x) * y)
    return along(colour, texel(texels, lower + right), x * y)


@compiled
def material_colour(triangle, weights, width_m, surfaces):  # type: ignore[no-untyped-def]
    """Albedo at a point of a triangle, seen by a ray ``width_m`` wide."""
    material = surfaces.material[triangle]
    colour = at(surfaces.albedo, material)
    texture = surfaces.texture[material]
    if texture >= 0:
        uv = surfaces.uv[triangle]
        u = uv[0, 0] * weights[0] + uv[1, 0] * weights[1] + uv[2, 0] * weights[2]
        v = uv[0, 1] * weights[0] + uv[1, 1] * weights[1] + uv[2, 1] * weights[2]
        num_texels = max(surfaces.texels_per_m[triangle] * width_m, ONE)
        level = min(int(np.log2(num_texels)), len(LEVEL_SIDES) - 1)
        tint = texture_colour(surfaces.texels, texture, u, v, level)
        colour = colour[0] * tint[0], colour[1] * tint[1], colour[2] * tint[2]
    most = np.float32(MAX_ALBEDO)
    return min(colour[0], most), min(colour[1], most), min(colour[2], most)


@compiled
def shade(origins, directions, hits, surfaces, lights, with_lights, cone, start_m):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Turn hits into surface points and directly visible light.

    ``cone`` is the width of a ray per metre, starting ``start_m`` before its origin; it selects the
    texture level. Returns (points, emission of every ray).
    """
    num = len(directions)
    positions, normals = np.empty((num, 3), np.float32), np.empty((num, 3), np.float32)
    albedos, gloss = np.empty((num, 3), np.float32), np.empty(num, np.float32)
    rays, emission = np.empty(num, np.int64), np.zeros((num, 3), np.float32)
    point = 0
    for ray in range(num):
        origin, direction, distance = at(origins, ray), at(directions, ray), hits.distance[ray]
        if with_lights:
            shines, colour = emission_along(origin, direction, distance, lights)
            if shines:
                put(emission, ray, colour)
                continue
        triangle = hits.triangle[ray]
        if triangle < 0:
            continue
        weights = (ONE - hits.u[ray] - hits.v[ray], hits.u[ray], hits.v[ray])
        plane = at(hits.normal, ray)
        plane = scale(plane, (ONE if dot(plane, direction) < 0 else -ONE) / norm(plane))
        normal = blend(surfaces.normals[triangle], weights)
        normal = scale(normal, (ONE if dot(normal, plane) >= 0 else -ONE) / norm(normal))
        width_m = (distance + start_m) * cone
        put(positions, point, along(along(origin, direction, distance), plane, OFFSET_M))
        put(normals, point, normal)
        put(albedos, point, material_colour(triangle, weights, width_m, surfaces))
        gloss[point] = surfaces.gloss[surfaces.material[triangle]]
        rays[point] = ray
        point += 1
    found = positions[:point], normals[:point], albedos[:point], gloss[:point], rays[:point]
    return Points(*found), emission


@compiled
def emission_along(origin, direction, distance, lights):  # type: ignore[no-untyped-def]
    """Whether a ray hits a light before ``distance``, and the light's radiance."""
    number, _, u, v = first_light(origin, direction, min(distance, FAR_M), lights)
    if number < 0:
        return False, (np.float32(0), np.float32(0), np.float32(0))
    seen = backdrop_colour(lights.backdrop[number], u, ONE - v)
    colour = at(lights.radiance, number)
    return True, (colour[0] * seen[0], colour[1] * seen[1], colour[2] * seen[2])


@compiled
def backdrop_colour(picture, x, y):  # type: ignore[no-untyped-def]
    """Backdrop of a light at x and y, 0 to 1 from the upper left, interpolated."""
    last = np.float32(BACKDROP_TEXELS - 1)
    x = min(max(x * np.float32(BACKDROP_TEXELS) - HALF, np.float32(0)), last)
    y = min(max(y * np.float32(BACKDROP_TEXELS) - HALF, np.float32(0)), last)
    left, top = min(int(x), BACKDROP_TEXELS - 2), min(int(y), BACKDROP_TEXELS - 2)
    x -= np.float32(left)
    y -= np.float32(top)
    colour = scale(at(picture[top], left), (ONE - x) * (ONE - y))
    colour = along(colour, at(picture[top], left + 1), x * (ONE - y))
    colour = along(colour, at(picture[top + 1], left), (ONE - x) * y)
    return along(colour, at(picture[top + 1], left + 1), x * y)


@compiled
def add_rows(sums, rows, values):  # type: ignore[no-untyped-def]
    """Add ``values`` to ``rows`` of ``sums``, in place."""
    for index in range(len(rows)):
        put(sums, rows[index], along(at(sums, rows[index]), at(values, index), ONE))


@compiled
def owners(points, positions, normals, depths, width):  # type: ignore[no-untyped-def]
    """For each point, the nearest of nine pixels whose centre lies on the same plane, or -1."""
    found = np.full(len(points.ray), -1, np.int64)
    for point in range(len(found)):
        position, normal = at(points.position_m, point), at(points.normal, point)
        pixel = points.ray[point]
        for step in range(len(STEPS)):
            row, column = pixel // width + STEPS[step, 0], pixel % width + STEPS[step, 1]
            other = row * width + column
            if not (0 <= other < len(depths) and 0 <= column < width):
                continue
            facing = at(normals, other)
            away = abs(dot(facing, subtract(position, at(positions, other))))
            if dot(facing, normal) > LEAST_COSINE and away < PLANE_TOLERANCE * depths[other]:
                found[point] = other
                break
    return found


@compiled
def add_lit(sums, pixels, owner, albedo, irradiance):  # type: ignore[no-untyped-def]
    """Add albedo times the irradiance of the owners to ``pixels`` of ``sums``, in place."""
    for index in range(len(pixels)):
        if owner[index] < 0:
            continue
        light, colour = at(irradiance, owner[index]), at(albedo, index)
        light = light[0] * colour[0], light[1] * colour[1], light[2] * colour[2]
        put(sums, pixels[index], along(at(sums, pixels[index]), light, ONE))
