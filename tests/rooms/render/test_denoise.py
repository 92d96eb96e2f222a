"""The denoiser averages within surfaces and never across their edges."""

import numpy as np
import pytest

from depth_unet.rooms.render.denoise import denoise

HEIGHT, WIDTH = 40, 60
RIGHT = np.s_[:, 30:]


def wall(depth_m: float = 2.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normals, positions and depth of a wall perpendicular to the optical axis."""
    normals = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    normals[..., 2] = -1
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    positions = np.stack([columns / 50, rows / 50, np.ones((HEIGHT, WIDTH))], axis=-1)
    positions_m = (positions * depth_m).astype(np.float32)
    return normals, positions_m, positions_m[..., 2]


def test_constant_light_stays() -> None:
    """Weights sum to 1."""
    light = np.full((HEIGHT, WIDTH, 3), 0.7, np.float32)
    np.testing.assert_allclose(denoise(light, *wall(), (0.0, 0.5, 1.0)), 0.7, rtol=1e-5)


def test_noise_is_removed() -> None:
    """Independent noise on a wall falls to less than a fifth, the mean stays."""
    light = np.random.default_rng(0).uniform(0, 2, (HEIGHT, WIDTH, 3)).astype(np.float32)
    clean = denoise(light, *wall(), (0.0, 0.3, 0.6))
    assert clean.std() < 0.2 * light.std()
    np.testing.assert_allclose(clean.mean(), 1.0, atol=0.03)


def assert_light_stays(place: tuple[slice, slice], value: float, *guides: np.ndarray) -> None:
    """Light of ``value`` at a place neither leaves it nor mixes with the 1 around it."""
    light = np.ones((HEIGHT, WIDTH, 3), np.float32)
    light[place] = value
    np.testing.assert_allclose(denoise(light, *guides, (0.0, 0.0, 0.0)), light, rtol=1e-5)


def test_surfaces_at_other_depths_share_no_light() -> None:
    """Light is not averaged across a step in depth."""
    normals, positions_m, depth_m = wall()
    positions_m[RIGHT] *= 1.5
    assert_light_stays(RIGHT, 5, normals, positions_m, depth_m)


def test_surfaces_that_face_elsewhere_share_no_light() -> None:
    """Light is not averaged across a corner."""
    normals, *rest = wall()
    normals[RIGHT] = (1, 0, 0)
    assert_light_stays(RIGHT, 5, normals, *rest)


def test_pixels_without_surface_are_left_out() -> None:
    """Pixels without a surface, such as lamps and sky, are left out of all averages."""
    normals, *rest = wall()
    normals[10:20, 10:20] = 0
    assert_light_stays(np.s_[10:20, 10:20], 99, normals, *rest)


def test_shadows_stay() -> None:
    """With sharpness, the border of a strong shadow stays within four pixels."""
    light = np.ones((HEIGHT, WIDTH, 3), np.float32)
    light[:, 30:] = 12
    clean = denoise(light, *wall(), (4.0, 4.0, 4.0))
    np.testing.assert_allclose(clean[:, :26], 1, rtol=0.1)
    np.testing.assert_allclose(clean[:, 34:], 12, rtol=0.1)


def plainly(
    light: np.ndarray,
    guides: tuple[np.ndarray, np.ndarray, np.ndarray],
    step: int,
    sharpness: float,
) -> np.ndarray:
    """One pass of the filter, pixel by pixel."""
    normals, positions_m, depth_m = guides
    height, width, _ = light.shape
    weights = np.array([1, 4, 6, 4, 1]) / 16
    level = np.log(light.sum(axis=2) + 0.25 * light.sum(axis=2).mean())
    result = np.empty_like(light)
    for row, column in np.ndindex(height, width):
        total, mean = 0.0, np.zeros(3)
        for down, right in np.ndindex(5, 5):
            y, x = row + (down - 2) * step, column + (right - 2) * step
            if not (0 <= y < height and 0 <= x < width):
                continue
            weight = weights[down] * weights[right]
            if (y, x) != (row, column):
                facing = normals[row, column] @ normals[y, x] - 0.7
                away = abs(normals[row, column] @ (positions_m[y, x] - positions_m[row, column]))
                inside = 1 - away / (0.02 * depth_m[row, column] + 1e-6)
                contrast = (level[y, x] - level[row, column]) * sharpness
                weight *= max(facing, 0) / 0.3 * max(inside, 0) / (1 + contrast**2)
            total, mean = total + weight, mean + weight * light[y, x]
        result[row, column] = mean / total
    return result


@pytest.mark.parametrize("width", [1, 3, 12, 31])
def test_first_pass_is_the_formula(width: int) -> None:
    """The filter equals a plain version at any width, for curved and uneven surfaces and holes."""
    rng = np.random.default_rng(width)
    normals = rng.normal((0, 0, -3), 0.6, (9, width, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    normals[rng.random((9, width)) < 0.1] = 0
    positions_m = rng.normal(2, 0.02, (9, width, 3)).astype(np.float32)
    light = rng.uniform(0, 2, (9, width, 3)).astype(np.float32)
    guides = (normals, positions_m, positions_m[..., 2])
    np.testing.assert_allclose(
        denoise(light, *guides, (0.7,)), plainly(light, guides, 1, 0.7), rtol=2e-4, atol=1e-5
    )


def test_steps_wider_than_the_image() -> None:
    """If every neighbour lies outside the image, light is not changed."""
    light = np.random.default_rng(1).uniform(0, 2, (1, 3, 3)).astype(np.float32)
    guides = tuple(part[:1, :3] for part in wall())
    few = denoise(light, *guides, (0.0, 0.0))
    np.testing.assert_allclose(denoise(light, *guides, (0.0,) * 6), few, rtol=1e-5)
