"""Distorted cameras: every ray falls back on its pixel, or there is none."""

import math

import cv2
import numpy as np
import pytest

from depth_unet.camera.calibration import Calibration, Distortion
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import DataError

CAMERA = Intrinsics(width=64, height=48, fx_px=52.0, fy_px=50.0, cx_px=32.5, cy_px=22.25)
MODELS: dict[str, tuple[Distortion, tuple[float, ...]]] = {
    "barrel": ("brown", (-0.3, 0.1, 0.001, -0.002)),
    "plumb bob": ("brown", (-0.28, 0.09, 0.0004, -0.001, -0.01)),
    "pincushion": ("brown", (0.2, 0.05, -0.001, 0.002, 0.01)),
    "rational": ("brown", (0.5, -0.1, 0.0003, 0.0001, 0.02, 0.8, -0.05, 0.01)),
    "thin prism": ("brown", (-0.1, 0.02, 1e-3, 2e-3, 0.01, 0.1, 0, 0, 1e-3, 2e-3, 3e-3, 1e-3)),
    "tilted": ("brown", (-0.1, 0.02, 1e-3, 2e-3, 0, 0, 0, 0, 1e-3, 0, 2e-3, 0, 0.1, -0.05)),
    "fisheye": ("fisheye", (0.05, -0.01, 0.003, -0.001)),
    "equidistant": ("fisheye", (0.0, 0.0, 0.0, 0.0)),
}
each_model = pytest.mark.parametrize("name", MODELS)


def calibration(name: str, camera: Intrinsics = CAMERA) -> Calibration:
    """A calibration of each model."""
    distortion, coefficients = MODELS[name]
    return Calibration(intrinsics=camera, distortion=distortion, coefficients=coefficients)


def project(lens: Calibration, rays: np.ndarray) -> np.ndarray:
    """Columns and rows at which OpenCV sees rays."""
    camera, none = lens.intrinsics, np.zeros(3)
    if not rays.size:
        return rays
    matrix = np.array(
        ((camera.fx_px, 0, camera.cx_px), (0, camera.fy_px, camera.cy_px), (0, 0, 1.0))
    )
    points = np.concatenate((rays.reshape(-1, 1, 2), np.ones((rays.size // 2, 1, 1))), axis=2)
    model = cv2.fisheye.projectPoints if lens.distortion == "fisheye" else cv2.projectPoints
    pixels = model(points, none, none, matrix, np.array(lens.coefficients))[0]
    return np.asarray(pixels).reshape(rays.shape)


def pixels_of(camera: Intrinsics) -> np.ndarray:
    """Column and row of every pixel."""
    grid = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    return np.stack(grid, axis=-1).astype(np.float64)


@each_model
def test_project_inverts_rays(name: str) -> None:
    """OpenCV projects the ray of every pixel onto that pixel, within a thousandth."""
    lens = calibration(name)
    rays = lens.rays()
    assert rays.shape == (48, 64, 2)
    assert np.isfinite(rays).all()
    assert np.abs(project(lens, rays) - pixels_of(CAMERA)).max() < 1e-3


@each_model
def test_rays_of_a_resized_calibration(name: str) -> None:
    """A third of the size sees, in each pixel, what the middle one of its nine pixels saw."""
    large = calibration(name, CAMERA.resized(192, 144))
    small = large.resized(64, 48)
    assert small.coefficients == large.coefficients
    assert small.rays() == pytest.approx(large.rays()[1::3, 1::3], abs=1e-9)


@each_model
def test_the_search_takes_three_steps(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newton's method doubles the digits with every step: after three there are no more to find."""
    lens = calibration(name)
    rays = lens.rays()
    monkeypatch.setattr("depth_unet.camera.calibration.STEPS", 3)
    assert np.abs(lens.rays() - rays).max() < 1e-12


def test_rays_without_distortion_are_the_pinhole_formula() -> None:
    """Without distortion, or with coefficients of zero, (pixel - centre) / focal length exactly."""
    plain = Calibration(intrinsics=CAMERA, distortion="none").rays()
    expected = (pixels_of(CAMERA) - (CAMERA.cx_px, CAMERA.cy_px)) / (CAMERA.fx_px, CAMERA.fy_px)
    assert np.array_equal(plain, expected)
    zero = Calibration(intrinsics=CAMERA, distortion="brown", coefficients=(0.0,) * 5)
    assert np.array_equal(zero.rays(), plain)


def test_rays_by_hand() -> None:
    """Barrel: x + 0.1 x³ = 1.1 at x = 1; fisheye: 45 degrees at π/4 focal lengths."""
    camera = Intrinsics(width=3, height=3, fx_px=1 / 1.1, fy_px=1 / 1.1, cx_px=1.0, cy_px=1.0)
    brown = Calibration(intrinsics=camera, distortion="brown", coefficients=(0.1, 0, 0, 0))
    assert brown.rays()[1] == pytest.approx(np.array([[-1, 0], [0, 0], [1, 0]]), abs=1e-12)
    camera = Intrinsics(
        width=3, height=3, fx_px=4 / math.pi, fy_px=4 / math.pi, cx_px=1.0, cy_px=1.0
    )
    fisheye = Calibration(intrinsics=camera, distortion="fisheye", coefficients=(0.0,) * 4)
    assert fisheye.rays()[:, 1] == pytest.approx(np.array([[0, -1], [0, 0], [0, 1]]), abs=1e-12)


def test_no_ray_where_the_model_folds_back() -> None:
    """As x - x³ never exceeds 0.385, pixels beyond have no ray, and the others the nearer one."""
    camera = Intrinsics(width=201, height=1, fx_px=100.0, fy_px=100.0, cx_px=100.0, cy_px=0.0)
    lens = Calibration(intrinsics=camera, distortion="brown", coefficients=(-1.0, 0, 0, 0))
    rays = lens.rays()[0]
    seen = np.abs(np.arange(201) - 100) / 100
    highest = 2 / 3 / math.sqrt(3)
    assert np.array_equal(np.isfinite(rays[:, 0]), seen < highest)
    assert np.nanmax(np.abs(rays)) <= 1 / math.sqrt(3)


def test_no_ray_behind_a_fisheye() -> None:
    """A lens of 360 degrees has rays up to 89 degrees off its axis; other pixels get NaN."""
    per_degree = 180 / math.pi
    camera = Intrinsics(
        width=361, height=1, fx_px=per_degree, fy_px=per_degree, cx_px=180.0, cy_px=0.0
    )
    lens = Calibration(intrinsics=camera, distortion="fisheye", coefficients=(0.0,) * 4)
    off_axis = np.abs(np.arange(361) - 180)
    finite = np.isfinite(lens.rays()[0]).all(axis=1)
    assert finite[off_axis <= 88].all()
    assert not finite[off_axis >= 90].any()


@pytest.mark.parametrize("coefficients", [(1e300,) * 4, (-50.0, 3.0, 9.0, -9.0), (0, 0, 5.0, 5.0)])
def test_no_wrong_ray_of_absurd_coefficients(coefficients: tuple[float, ...]) -> None:
    """For any coefficients, every finite ray projects onto its pixel."""
    lens = Calibration(intrinsics=CAMERA, distortion="brown", coefficients=coefficients)
    rays = lens.rays()
    found = np.isfinite(rays).all(axis=2)
    beside = np.abs(project(lens, rays[found][None]) - pixels_of(CAMERA)[found])
    assert (beside <= 0.5 + 1e-6).all()


@pytest.mark.parametrize(
    ("distortion", "count"), [("none", 1), ("none", 4), ("brown", 0), ("brown", 6), ("fisheye", 5)]
)
def test_number_of_coefficients(distortion: Distortion, count: int) -> None:
    """Each model has its number of coefficients."""
    with pytest.raises(DataError, match=f"has {count} distortion coefficients"):
        Calibration(intrinsics=CAMERA, distortion=distortion, coefficients=(0.0,) * count)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_coefficients_are_finite(value: float) -> None:
    """A non-finite coefficient is refused when the calibration is made."""
    with pytest.raises(DataError, match="finite"):
        Calibration(intrinsics=CAMERA, distortion="brown", coefficients=(0.1, value, 0.0, 0.0))


def test_images_are_no_larger_than_photos() -> None:
    """A size that exceeds any memory is refused before it is allocated."""
    with pytest.raises(DataError, match="65535"):
        Calibration(intrinsics=Intrinsics.centred(70000, 4, 100.0), distortion="none")


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_scales_of_depth(scale: float) -> None:
    """From a hundredth to a hundred, both included."""
    lens = Calibration(intrinsics=CAMERA, distortion="none", depth_scale=scale)
    assert lens.resized(32, 24).depth_scale == scale


@pytest.mark.parametrize("scale", [0.0099, 101.0, -1.0, math.nan])
def test_absurd_scales_of_depth(scale: float) -> None:
    """A factor beyond that is a mistake."""
    with pytest.raises(DataError) as caught:
        Calibration(intrinsics=CAMERA, distortion="none", depth_scale=scale)
    assert str(caught.value) == (
        f"the camera's depth scale is {scale:g}; expected a factor from 0.01 to 100; correct it"
    )


@pytest.mark.parametrize("size", [(65535, 4), (4, 65535)])
def test_the_largest_image(size: tuple[int, int]) -> None:
    """A side of 65535 pixels is taken, one more is not, be it width or height."""
    assert Calibration(intrinsics=Intrinsics.centred(*size, 100.0), distortion="none").is_pinhole
    larger = Intrinsics.centred(*(side + (side > 4) for side in size), 100.0)
    with pytest.raises(DataError, match="larger than 65535 pixels a side; correct the size"):
        Calibration(intrinsics=larger, distortion="none")


def test_the_last_rays_before_the_fold() -> None:
    """Right up to where x - x³ turns, at 1 / √3, pixels have their ray."""
    camera = Intrinsics(width=2, height=1, fx_px=1.0, fy_px=1.0, cx_px=0.0, cy_px=0.0)
    lens = Calibration(intrinsics=camera, distortion="brown", coefficients=(-1.0, 0, 0, 0))
    x = 1 / math.sqrt(3) - 2e-4
    rays = lens.rays_at(np.array([[x - x**3, 0.0], [0.0, x - x**3]]))
    assert rays == pytest.approx(np.array([[x, 0], [0, x]]), abs=1e-6)


def test_more_pixels_than_are_computed_at_a_time() -> None:
    """Each block of pixels gets its own rays."""
    camera = Intrinsics(width=1, height=1, fx_px=2**20, fy_px=1.0, cx_px=0.0, cy_px=0.0)
    lens = Calibration(intrinsics=camera, distortion="brown", coefficients=(0.1, 0, 0, 0))
    pixels = np.zeros((2**18 + 3, 2))
    pixels[:, 0] = np.arange(len(pixels))
    rays = lens.rays_at(pixels)[:, 0]
    assert rays + 0.1 * rays**3 == pytest.approx(pixels[:, 0] / 2**20, abs=1e-12)


def test_pinholes_and_symmetry() -> None:
    """Without distortion it is a pinhole; it is symmetric if its axis is in the middle, too."""
    centred = Intrinsics.centred(64, 48, 50.0)
    plain = Calibration(intrinsics=centred, distortion="none")
    assert plain.is_pinhole
    assert plain.is_symmetric
    assert not Calibration(intrinsics=CAMERA, distortion="none").is_symmetric
    for name in MODELS:
        assert not calibration(name, centred).is_pinhole
        assert not calibration(name, centred).is_symmetric
