"""Points lie on the rays of their pixels and have their colours; holes make no point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import ConfigError
from depth_unet.outputs.cloud import unproject
from tests.cameras import cameras
from tests.outputs.conftest import pinhole_rays

sides = st.integers(1, 12)


def scene(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Depth, rays and a photo in which no two pixels are alike."""
    count = np.arange(height * width).reshape(height, width)
    depth_m = (1.0 + 0.01 * count).astype(np.float32)
    image = np.stack((count % 256, count // 256, 0 * count), axis=-1).astype(np.uint8)
    return depth_m, pinhole_rays(Intrinsics.centred(width, height, 1.2 * width)), image


@given(camera=cameras(sides), near_m=st.floats(0.1, 50), seed=st.integers(0, 99))
def test_projecting_inverts_unprojecting(camera: Intrinsics, near_m: float, seed: int) -> None:
    """A point projected again falls on the centre of its pixel, at its depth."""
    shape = (camera.height, camera.width)
    depth_m = np.random.default_rng(seed).uniform(near_m, 2 * near_m, shape).astype(np.float32)
    image = np.zeros((*shape, 3), np.uint8)
    x, y, z = unproject(depth_m, pinhole_rays(camera), image).points_m.T.astype(np.float64)
    rows, columns = np.indices(shape).reshape(2, -1)
    # Points are float32, and a pixel far from the axis is a large number times its rounding.
    tolerance_px = 1e-6 * (camera.fx_px + camera.fy_px + 10 * sum(shape))
    np.testing.assert_allclose(camera.fx_px * x / z + camera.cx_px, columns, atol=tolerance_px)
    np.testing.assert_allclose(camera.fy_px * y / z + camera.cy_px, rows, atol=tolerance_px)
    np.testing.assert_array_equal(z.reshape(shape), depth_m)


def test_rays_by_hand() -> None:
    """Right of the axis x grows, below it y: through the pixel's centre, at depth 1."""
    camera = Intrinsics(width=3, height=2, fx_px=2.0, fy_px=4.0, cx_px=1.0, cy_px=0.0)
    rays = pinhole_rays(camera)
    assert rays[0].tolist() == [[-0.5, 0.0], [0.0, 0.0], [0.5, 0.0]]
    assert rays[1].tolist() == [[-0.5, 0.25], [0.0, 0.25], [0.5, 0.25]]


@pytest.mark.parametrize("hole_m", [0.0, -1.0, np.nan, np.inf])
def test_pixels_without_depth_are_left_out(hole_m: float) -> None:
    """Zero, negative, NaN and infinite depth make no point; the others keep their colours."""
    depth_m, rays, image = scene(4, 5)
    depth_m[1, 2] = hole_m
    cloud = unproject(depth_m, rays, image)
    expected = np.delete(image.reshape(-1, 3), 7, axis=0)
    np.testing.assert_array_equal(cloud.colours, expected)
    assert np.isfinite(cloud.points_m).all()


@pytest.mark.parametrize("ray", [np.nan, np.inf])
def test_pixels_outside_the_lens_are_left_out(ray: float) -> None:
    """A ray of which one half is not a finite number makes no point."""
    depth_m, rays, image = scene(4, 5)
    rays[0, 0, 1] = ray
    assert len(unproject(depth_m, rays, image).points_m) == 19


def test_without_a_depth_there_is_no_point() -> None:
    """A map of holes is an empty cloud of the usual types."""
    cloud = unproject(np.zeros((2, 2), np.float32), *scene(2, 2)[1:])
    assert (cloud.points_m.shape, cloud.points_m.dtype) == ((0, 3), np.float32)
    assert (cloud.colours.shape, cloud.colours.dtype) == ((0, 3), np.uint8)


def test_stride_picks_pixels() -> None:
    """Every third row and column, the rest shared by both edges; none is averaged."""
    depth_m, rays, image = scene(5, 9)
    cloud = unproject(depth_m, rays, image, stride=3)
    np.testing.assert_array_equal(cloud.points_m[:, 2], depth_m[0::3, 1::3].ravel())
    np.testing.assert_array_equal(cloud.colours, image[0::3, 1::3].reshape(-1, 3))


def test_a_stride_below_one_is_refused() -> None:
    """The message says what was found and expected."""
    depth_m, rays, image = scene(4, 5)
    with pytest.raises(ConfigError, match="stride is 0; expected at least 1"):
        unproject(depth_m, rays, image, stride=0)
