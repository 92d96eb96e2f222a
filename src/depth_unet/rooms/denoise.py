"""Removing noise from irradiance without blurring textures or the edges of things.

The edge-avoiding a-trous wavelet: a 5 x 5 filter applied again with pixels 2, 4, 8 apart. Pixels
count as far as they lie in the plane of the one in the middle, face the same way and, if asked,
are about as bright. Albedo is multiplied afterwards, so textures stay sharp.

Reference:
    Dammertz et al., Edge-Avoiding À-Trous Wavelet Transform, HPG 2010.
"""

import numpy as np
from jaxtyping import Float32

from depth_unet.rooms.kernels import LEAST_COSINE, ONE, PLANE_TOLERANCE
from depth_unet.rooms.vectors import along, at, compiled, dot, minus, put, scaled

WEIGHTS = np.array([0.0625, 0.25, 0.375, 0.25, 0.0625], np.float32)
FACING_SCALE = ONE / (ONE - LEAST_COSINE)  # Makes the weight 1 for equal normals.
DARK_SHARE = 0.25  # Of the mean: differences among pixels darker than this count little.


def denoise(
    light: Float32[np.ndarray, "h w 3"],
    normals: Float32[np.ndarray, "h w 3"],
    positions_m: Float32[np.ndarray, "h w 3"],
    depth_m: Float32[np.ndarray, "h w"],
    sharpness: tuple[float, ...],
) -> Float32[np.ndarray, "h w 3"]:
    """Average ``light`` over neighbours of the same surface.

    Args:
        light: Irradiance, or mirrored light; >= 0.
        normals: Unit normals; 0 where a pixel shows no surface, whose light is left as it is and
            is given to no other pixel.
        positions_m: Of the surfaces, in the axes of the normals.
        depth_m: Of the surfaces; the tolerance grows with it.
        sharpness: One pass each, with pixels 1, 2, 4, ... apart: how much the weight of a pixel
            falls as its light differs by a factor of e; 0 averages over shadows.
    """
    sums = light.sum(axis=2)
    # Without this, single samples that found no light would look infinitely darker than others.
    floor = np.float32(DARK_SHARE * max(float(sums.mean()), 1e-9))
    for number, value in enumerate(sharpness):
        level = np.log(light.sum(axis=2) + floor)
        light = filter_once(
            light, level, normals, positions_m, depth_m, 1 << number, np.float32(value)
        )
    return light


@compiled
def filter_once(  # type: ignore[no-untyped-def] # noqa: PLR0917
    light, level, normals, positions, depths, step, sharpness
):
    """One pass of the filter, with pixels ``step`` apart."""
    height, width, _ = light.shape
    filtered = np.empty_like(light)
    for row in range(height):
        for column in range(width):
            filter_pixel(
                light,
                level,
                normals,
                positions,
                depths,
                step,
                sharpness,
                row,
                column,
                filtered[row],
            )
    return filtered


@compiled
def filter_pixel(light, level, normals, positions, depths, step, sharpness, row, column, result):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Write the weighted mean of 25 pixels."""
    height, width, _ = light.shape
    normal, position = at(normals[row], column), at(positions[row], column)
    middle = level[row, column]
    scale = ONE / (PLANE_TOLERANCE * depths[row, column] + np.float32(1e-6))
    total = WEIGHTS[2] * WEIGHTS[2]
    mean = scaled(at(light[row], column), total)
    for down in range(-2, 3):
        y = row + down * step
        if y < 0 or y >= height:
            continue
        for right in range(-2, 3):
            x = column + right * step
            if x < 0 or x >= width or (down == 0 and right == 0):
                continue
            facing = dot(normal, at(normals[y], x)) - LEAST_COSINE
            inside = ONE - abs(dot(normal, minus(at(positions[y], x), position))) * scale
            if facing <= 0 or inside <= 0:
                continue
            contrast = (level[y, x] - middle) * sharpness
            weight = WEIGHTS[down + 2] * WEIGHTS[right + 2] * facing * FACING_SCALE * inside
            weight /= ONE + contrast * contrast
            mean = along(mean, at(light[y], x), weight)
            total += weight
    put(result, column, scaled(mean, ONE / total))
