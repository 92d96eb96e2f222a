"""Compiled inner loops of light transport: shadow rays, diffuse bounces, mirrored rays."""

from typing import Any, NamedTuple

import numpy as np

from depth_unet.rooms.render.kernels import FAR_M, ONE, uniform
from depth_unet.rooms.render.vectors import along, at, compiled, dot, norm, put, scale, subtract

LIGHT_MARGIN_M = np.float32(
    0.01
)  # Shadow rays end this far before the light, which lies on a surface.
NEAREST_LIGHT_M2 = np.float32(0.04)  # Below this squared distance the light does not increase.
SUN_WIDTH = np.float32(0.02)  # Diameter of the sun's disc at a distance of 1; twice the true one.
SUN_MARGIN = np.float32(0.5)  # Of the window's size: sunlight grazes past its frame.
LEAST_SUN_COSINE = np.float32(1e-3)
LEAST_LIGHT_COSINE = np.float32(0.05)
ROUGHNESS = np.float32(0.08)  # Radius of the disc of mirrored directions.
GRAZING_SHARE = np.float32(0.7)  # Share of a polished surface's reflection at grazing angles.
PER_PI = np.float32(1 / np.pi)
TURN = np.float32(2 * np.pi)


class LightRays(NamedTuple):
    """Rays from surface points to points on lights.

    Attributes:
        origin_m: Float32 (r, 3).
        direction: Unit vectors, float32 (r, 3).
        distance_m: To the light, float32 (r,).
        irradiance: Over pi, received if nothing is in the way, float32 (r, 3).
        point: The receiving point, int64 (r,).
    """

    origin_m: Any
    direction: Any
    distance_m: Any
    irradiance: Any
    point: Any


@compiled
def light_rays(points, lights, indices, dimension, shifts):  # type: ignore[no-untyped-def]
    """One ray from every point to a random light and, where the sun may shine, one to the sun.

    The probability of a light is proportional to the light from its centre without occlusion.
    """
    num = len(points.position_m)
    sun_irradiance = at(lights.sun_irradiance, 0)
    sunny = sun_irradiance[0] > 0
    capacity = 2 * num if sunny else num
    origins, directions = np.empty((capacity, 3), np.float32), np.empty((capacity, 3), np.float32)
    distances, irradiance = np.empty(capacity, np.float32), np.empty((capacity, 3), np.float32)
    receivers = np.empty(capacity, np.int64)
    weights = np.empty(len(lights.area_m2), np.float32)
    ray = 0
    for point in range(num):
        position, normal = at(points.position_m, point), at(points.normal, point)
        index = indices[point]
        light, share = choose_light(
            position, normal, lights, weights, uniform(index, dimension, shifts)
        )
        a, b = (uniform(index, dimension + 1, shifts), uniform(index, dimension + 2, shifts))
        distance, factor, direction = sample_light(position, normal, lights, light, a, b)
        if factor > 0:
            put(directions, ray, direction)
            put(irradiance, ray, scale(at(lights.mean_radiance, light), factor / share))
            put(origins, ray, position)
            distances[ray], receivers[ray] = distance, point
            ray += 1
        if not sunny:
            continue
        sun = at(lights.sun_direction, 0)
        cosine = dot(normal, sun)
        if cosine > LEAST_SUN_COSINE and leaves_by_window(position, sun, lights):
            a, b = (uniform(index, dimension + 3, shifts), uniform(index, dimension + 4, shifts))
            put(directions, ray, jitter_sun(sun, a, b))
            put(irradiance, ray, scale(sun_irradiance, cosine * PER_PI))
            put(origins, ray, position)
            distances[ray], receivers[ray] = FAR_M, point
            ray += 1
    found = origins[:ray], directions[:ray], distances[:ray], irradiance[:ray], receivers[:ray]
    return LightRays(*found)


@compiled
def choose_light(position, normal, lights, weights, random):  # type: ignore[no-untyped-def]
    """A random light and its probability; ``weights`` is a buffer."""
    total = np.float32(0)
    for light in range(len(weights)):
        offset = subtract(at(lights.centre_m, light), position)
        square = dot(offset, offset)
        # A large light may be visible although its centre is not, so the cosine is never 0.
        cosine = max(dot(offset, normal), LEAST_LIGHT_COSINE * np.sqrt(square))
        front = max(-dot(offset, at(lights.normal, light)), np.float32(0))
        spread = square * (square + lights.area_m2[light])
        weights[light] = lights.power[light] * cosine * front / spread
        total += weights[light]
    aim = random * total
    light = 0
    while light < len(weights) - 1 and aim >= weights[light]:
        aim -= weights[light]
        light += 1
    return light, weights[light] / (total + np.float32(1e-30))


@compiled
def sample_light(position, normal, lights, light, a, b):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Distance and direction to a point of a light, and irradiance / pi per unit of radiance.

    The factor is 0 if surface and light do not face each other.
    """
    target = along(at(lights.corner_m, light), at(lights.edge_u_m, light), a)
    offset = subtract(along(target, at(lights.edge_v_m, light), b), position)
    square = dot(offset, offset)
    cosine, front = dot(offset, normal), -dot(offset, at(lights.normal, light))
    length = np.sqrt(square)
    direction = scale(offset, 1 / length)
    distance = max(length - LIGHT_MARGIN_M, np.float32(1e-4))
    if cosine <= 0 or front <= 0:
        return distance, np.float32(0), direction
    factor = cosine * front * lights.area_m2[light] * PER_PI
    return distance, factor / (square * max(square, NEAREST_LIGHT_M2)), direction


@compiled
def jitter_sun(sun, a, b):  # type: ignore[no-untyped-def]
    """A random direction to the sun's disc, which is so small that skewed jitter is enough."""
    a, b = (a - np.float32(0.5)) * SUN_WIDTH, (b - np.float32(0.5)) * SUN_WIDTH
    return sun[0] + a, sun[1] + b, sun[2] + (a - b) * np.float32(0.5)


@compiled
def leaves_by_window(position, direction, lights):  # type: ignore[no-untyped-def]
    """Whether a ray leaves through or near a window; a shadow ray gives the exact answer."""
    for light in range(len(lights.area_m2)):
        if not lights.is_window[light]:
            continue
        normal = at(lights.normal, light)
        offset = subtract(position, at(lights.corner_m, light))
        height, speed = dot(offset, normal), dot(direction, normal)
        if height <= 0 or speed >= 0:
            continue
        offset = along(offset, direction, -height / speed)
        a, b = dot(offset, at(lights.dual_u, light)), dot(offset, at(lights.dual_v, light))
        if -SUN_MARGIN < a < 1 + SUN_MARGIN and -SUN_MARGIN < b < 1 + SUN_MARGIN:
            return True
    return False


@compiled
def gather(num_points, rays, occluded):  # type: ignore[no-untyped-def]
    """Irradiance over pi of every point: the sum of its unoccluded rays."""
    irradiance = np.zeros((num_points, 3), np.float32)
    for ray in range(len(occluded)):
        if occluded[ray]:
            continue
        for colour in range(3):
            irradiance[rays.point[ray], colour] += rays.irradiance[ray, colour]
    return irradiance


@compiled
def scatter(normals, indices, dimension, shifts):  # type: ignore[no-untyped-def]
    """Random directions, in proportion to the cosine with the normal (Lambert's law)."""
    directions = np.empty_like(normals)
    for point in range(len(normals)):
        angle = TURN * uniform(indices[point], dimension, shifts)
        z = np.float32(2) * uniform(indices[point], dimension + 1, shifts) - ONE
        radius = np.sqrt(max(ONE - z * z, np.float32(0)))
        # A random point on a unit sphere that almost touches the surface.
        direction = (radius * np.cos(angle), radius * np.sin(angle), z)
        direction = along(direction, at(normals, point), np.float32(1.001))
        put(directions, point, scale(direction, ONE / norm(direction)))
    return directions


@compiled
def mirror(directions, normals, gloss, indices, dimension, shifts):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Directions mirrored at slightly rough surfaces, and the share of light mirrored (Schlick)."""
    mirrored, share = np.empty_like(normals), np.empty(len(gloss), np.float32)
    for point in range(len(gloss)):
        direction, normal = at(directions, point), at(normals, point)
        direction = scale(direction, ONE / norm(direction))
        cosine = min(max(-dot(direction, normal), np.float32(0)), ONE)
        angle = TURN * uniform(indices[point], dimension, shifts)
        # A disc, because the long tails of a Gaussian cause fireflies.
        radius = ROUGHNESS * np.sqrt(uniform(indices[point], dimension + 1, shifts))
        x, y = radius * np.cos(angle), radius * np.sin(angle)
        jitter = (x, y, radius * np.sin(angle + np.float32(2)))
        direction = along(direction, normal, 2 * cosine)
        put(mirrored, point, along(direction, jitter, ONE))
        grazing = (ONE - cosine) ** 5
        share[point] = gloss[point] + (ONE - gloss[point]) * grazing * GRAZING_SHARE
    return mirrored, share
