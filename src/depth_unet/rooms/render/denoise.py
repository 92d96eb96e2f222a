"""Denoises irradiance and keeps textures and edges sharp.

The edge-avoiding a-trous wavelet: a 5 x 5 filter applied repeatedly with pixels 1, 2, 4, 8 apart. A
pixel's weight depends on its distance from the plane of the central pixel, the angle between the
normals and, optionally, the difference in brightness. Albedo is multiplied afterwards.

Reference:
    Dammertz et al., Edge-Avoiding À-Trous Wavelet Transform, HPG 2010.
"""

import numpy as np
from jaxtyping import Float32

from depth_unet.rooms.render.kernels import LEAST_COSINE, ONE, PLANE_TOLERANCE
from depth_unet.rooms.render.vectors import compiled

WEIGHTS = np.array([0.0625, 0.25, 0.375, 0.25, 0.0625], np.float32)
FACING_SCALE = ONE / (ONE - LEAST_COSINE)  # Makes the weight 1 for equal normals.
DARK_SHARE = 0.25  # Of the mean; differences between darker pixels count little.


def denoise(
    light: Float32[np.ndarray, "h w 3"],
    normals: Float32[np.ndarray, "h w 3"],
    positions_m: Float32[np.ndarray, "h w 3"],
    depth_m: Float32[np.ndarray, "h w"],
    sharpness: tuple[float, ...],
) -> Float32[np.ndarray, "h w 3"]:
    """Average ``light`` over neighbouring pixels of the same surface.

    Args:
        light: Irradiance or mirrored light, >= 0.
        normals: Unit normals; 0 for a pixel without a surface, which is not filtered.
        positions_m: Of the surfaces, in the axes of the normals.
        depth_m: Of the surfaces; the tolerance grows with it.
        sharpness: One value per pass, with pixels 1, 2, 4, ... apart: how much a pixel's weight
            falls if its light differs by a factor of e. With 0, shadows are blurred.
    """
    planes, guides = _planes(light), (_planes(normals), _planes(positions_m))
    # Keeps the logarithm finite for samples that found no light.
    floor = np.float32(DARK_SHARE * max(float(3 * planes.mean()), 1e-9))
    for number, value in enumerate(sharpness):
        level = np.log(planes[0] + planes[1] + planes[2] + floor)
        planes = filter_once(planes, level, *guides, depth_m, 1 << number, np.float32(value))
    return np.ascontiguousarray(np.moveaxis(planes, 0, 2))


def _planes(values: Float32[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "3 h w"]:
    return np.ascontiguousarray(np.moveaxis(values, 2, 0))


@compiled
def filter_once(light, level, normals, positions, depths, step, sharpness):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """One pass of the filter, with pixels ``step`` apart; vectors are three planes.

    Plain loops over the columns of a row, one neighbour at a time, are vectorised: three times as
    fast as a loop over pixels.
    """
    _, height, width = light.shape
    filtered = np.empty_like(light)
    total, weight = np.empty(width, np.float32), np.empty(width, np.float32)
    scale, plane = np.empty(width, np.float32), np.empty(width, np.float32)
    for row in range(height):
        start_means(filtered[:, row], total, light[:, row])
        set_planes(plane, scale, normals[:, row], positions[:, row], depths[row])
        for down in range(-2, 3):
            y = row + down * step
            if y < 0 or y >= height:
                continue
            for right in range(-2, 3):
                shift = right * step
                if (down == 0 and right == 0) or abs(shift) >= width:
                    continue
                start, stop = max(0, -shift), min(width, width - shift)
                here, there = slice(start, stop), slice(start + shift, stop + shift)
                w, most = weight[here], WEIGHTS[down + 2] * WEIGHTS[right + 2] * FACING_SCALE
                weigh_facing(w, *cut(normals, row, here), *cut(normals, y, there), most)
                weigh_plane(
                    w, *cut(normals, row, here), *cut(positions, y, there), plane[here], scale[here]
                )
                weigh_contrast(w, level[row][here], level[y][there], sharpness)
                add(total[here], w)
                for axis in range(3):
                    add_product(filtered[axis, row][here], w, light[axis, y][there])
        for axis in range(3):
            for column in range(width):
                filtered[axis, row, column] /= total[column]
    return filtered


@compiled
def start_means(mean, total, light):  # type: ignore[no-untyped-def]
    """Start the weighted means of a row with the pixels themselves."""
    own = WEIGHTS[2] * WEIGHTS[2]
    for column in range(len(total)):
        total[column] = own
        for axis in range(3):
            mean[axis, column] = own * light[axis, column]


@compiled
def set_planes(plane, scale, normal, position, depth):  # type: ignore[no-untyped-def]
    """The plane of each pixel of a row, and the scale of distances from it."""
    for column in range(len(plane)):
        scale[column] = ONE / (PLANE_TOLERANCE * depth[column] + np.float32(1e-6))
        plane[column] = 0
        for axis in range(3):
            plane[column] += normal[axis, column] * position[axis, column]


@compiled
def cut(planes, row, columns):  # type: ignore[no-untyped-def]
    """Cut some columns of one row out of three planes."""
    return planes[0, row][columns], planes[1, row][columns], planes[2, row][columns]


@compiled
def weigh_facing(weight, ax, ay, az, bx, by, bz, most):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Start the weights: ``most`` if two normals agree, 0 from 45 degrees on."""
    for i in range(len(weight)):
        facing = ax[i] * bx[i] + ay[i] * by[i] + az[i] * bz[i] - LEAST_COSINE
        weight[i] = max(facing, np.float32(0)) * most


@compiled
def weigh_plane(weight, nx, ny, nz, px, py, pz, plane, scale):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Weights fall with the distance of a position from the plane."""
    for i in range(len(weight)):
        distance = abs(nx[i] * px[i] + ny[i] * py[i] + nz[i] * pz[i] - plane[i])
        weight[i] *= max(ONE - distance * scale[i], np.float32(0))


@compiled
def weigh_contrast(weight, here, there, sharpness):  # type: ignore[no-untyped-def]
    """Weights fall with the difference in brightness."""
    for i in range(len(weight)):
        contrast = (there[i] - here[i]) * sharpness
        weight[i] /= ONE + contrast * contrast


@compiled
def add(total, weight):  # type: ignore[no-untyped-def]
    """Add weights."""
    for i in range(len(weight)):
        total[i] += weight[i]


@compiled
def add_product(total, weight, values):  # type: ignore[no-untyped-def]
    """Add weighted values."""
    for i in range(len(weight)):
        total[i] += weight[i] * values[i]
