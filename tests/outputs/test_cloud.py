"""Points lie on the rays of their pixels and have their colours; holes make no point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import ConfigError
from depth_unet.outputs.cloud import drop_edges, drop_uncertain, surface_normals, unproject
from tests.cameras import cameras
from tests.outputs.conftest import COLOURS, Room, pinhole_rays

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


NEIGHBOURS = ((0, 1), (0, -1), (1, 0), (-1, 0))
CAMERA = Intrinsics.centred(64, 48, 55.0)
LENSES = {
    "pinhole": Calibration(intrinsics=CAMERA, distortion="none"),
    "barrel": Calibration(
        intrinsics=CAMERA, distortion="brown", coefficients=(-0.25, 0.08, 0.002, -0.001)
    ),
    "fisheye": Calibration(
        intrinsics=CAMERA, distortion="fisheye", coefficients=(0.05, -0.01, 0.0, 0.0)
    ),
}


def plane_m(rays: np.ndarray, normal: np.ndarray, distance_m: float) -> np.ndarray:
    """Depth of the plane of all points p with ``normal @ p == distance_m``."""
    directions = np.concatenate((rays, np.ones((*rays.shape[:2], 1))), axis=-1)
    depth_m: np.ndarray = (distance_m / (directions @ normal)).astype(np.float32)
    return depth_m


@pytest.mark.parametrize("lens", LENSES)
def test_normals_of_a_tilted_plane(lens: str) -> None:
    """They are the plane's own, of unit length, towards the camera, whatever the lens."""
    rays = LENSES[lens].rays()
    normal = np.array([0.35, -0.2, 1.0]) / np.linalg.norm([0.35, -0.2, 1.0])
    depth_m = plane_m(rays, normal, 2.0)
    assert np.ptp(depth_m) > 1
    cloud = unproject(depth_m, rays, np.zeros((48, 64, 3), np.uint8), stride=3, normals=True)
    assert cloud.normals is not None
    assert (cloud.normals.shape, cloud.normals.dtype) == (cloud.points_m.shape, np.float32)
    np.testing.assert_allclose(cloud.normals, np.tile(-normal, (len(cloud.normals), 1)), atol=1e-4)


def test_normals_of_a_room(room: Room) -> None:
    """Each pixel has the normal of its side of the room, up to the lines where two sides meet."""
    found = surface_normals(room.depth_m, room.rays)
    side = (room.image[..., None, :] == COLOURS).all(axis=-1).argmax(axis=-1)
    around = np.stack([np.roll(side, (down, right), (0, 1)) for down, right in NEIGHBOURS])
    inside = (around == side).all(axis=0)[1:-1, 1:-1]
    cosine = (found * -room.normals[side]).sum(axis=-1)[1:-1, 1:-1]
    assert inside.mean() > 0.95
    assert (cosine[inside] > np.cos(np.radians(0.1))).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, atol=1e-6)


def test_normals_do_not_cross_a_jump() -> None:
    """Two walls at 2 m and 4 m face the camera up to the pixels beside the jump and the holes."""
    rays = LENSES["pinhole"].rays()
    depth_m = np.full((48, 64), 2.0, np.float32)
    depth_m[:, 30:] = 4.0
    depth_m[10:12, 5:20] = 0.0
    normals = surface_normals(depth_m, rays)
    assert np.isnan(normals[depth_m == 0]).all()
    np.testing.assert_allclose(
        normals[depth_m > 0], np.tile((0, 0, -1), (48 * 64 - 30, 1)), atol=1e-6
    )


def test_normals_without_neighbours() -> None:
    """A row of pixels has no surface: its normals point back at the camera."""
    depth_m, rays, _ = scene(1, 5)
    points = np.concatenate((rays[0], np.ones((5, 1))), axis=1)
    expected = -points / np.linalg.norm(points, axis=1, keepdims=True)
    np.testing.assert_allclose(surface_normals(depth_m, rays)[0], expected, atol=1e-6)


def test_confidence() -> None:
    """It is depth / (depth + half width) of the pixels with a point; without a spread, None."""
    depth_m, rays, image = scene(4, 5)
    depth_m[0, 0] = 0
    cloud = unproject(depth_m, rays, image, uncertainty_m=np.full_like(depth_m, 0.5))
    assert cloud.confidence is not None
    np.testing.assert_allclose(
        cloud.confidence, cloud.points_m[:, 2] / (cloud.points_m[:, 2] + 0.5)
    )
    certain = unproject(depth_m, rays, image, uncertainty_m=np.zeros_like(depth_m))
    assert certain.confidence is not None
    assert (certain.confidence == 1).all()
    plain = unproject(depth_m, rays, image)
    assert (plain.confidence, plain.normals) == (None, None)


def test_uncertain_depth_is_dropped() -> None:
    """A half width of exactly the share is kept, more is a hole; None keeps all."""
    depth_m = np.array([[2.0, 2.0, 4.0, 4.0]], np.float32)
    uncertainty_m = np.array([[0.5, 0.75, 0.75, 1.25]], np.float32)
    assert drop_uncertain(depth_m, uncertainty_m, 0.25).tolist() == [[2.0, 0.0, 4.0, 0.0]]
    assert drop_uncertain(depth_m, uncertainty_m, None) is depth_m
    assert drop_uncertain(depth_m, None, None) is depth_m


@pytest.mark.parametrize("share", [0.0, -1.0, np.nan, np.inf, 101.0])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    """The message says what was found and expected."""
    depth_m = np.ones((1, 1), np.float32)
    with pytest.raises(ConfigError, match=r"max_uncertainty is .*; choose a number in \(0, 100\]"):
        drop_uncertain(depth_m, depth_m, share)


def test_edges_are_dropped() -> None:
    """A ramp that smears a jump is a hole; steps of exactly the share and the sides are kept."""
    row_m = np.concatenate((np.full(200, 2.0), np.linspace(2, 4, 9)[1:-1], np.full(193, 4.0)))
    depth_m = np.tile(row_m.astype(np.float32), (40, 1))
    holes = np.flatnonzero(drop_edges(depth_m, 0.2)[0] == 0)
    reach = 6  # a square of 13 pixels is 3 % of 400
    assert holes.tolist() == list(range(201 - reach, 204 + reach + 1))  # of 2.5 m; of 3.25 m
    assert (drop_edges(depth_m, 1.0) == depth_m).all()
    assert drop_edges(depth_m, 0.0) is depth_m


def test_edges_are_alike_at_any_size() -> None:
    """An enlarged map loses the same share; a slope without a jump loses nothing."""
    step_m = np.repeat([[1.5, 3.0]], (60, 68), axis=1)
    for scale, lost in ((1, 4), (2, 8), (4, 14)):
        large_m = np.kron(step_m, np.ones((96 * scale, scale))).astype(np.float32)
        assert (drop_edges(large_m, 0.2) == 0).sum() == lost * 96 * scale
    slope_m = np.tile(np.geomspace(1, 8, 128).astype(np.float32), (96, 1))
    assert (drop_edges(slope_m, 0.2) > 0).all()


@pytest.mark.parametrize("edge", [-0.1, np.nan, np.inf, 1001.0])
def test_an_edge_out_of_range_is_refused(edge: float) -> None:
    """The message says what was found and expected."""
    with pytest.raises(ConfigError, match=r"edge is .*; choose a number in \[0, 1000\]"):
        drop_edges(np.ones((1, 1), np.float32), edge)
