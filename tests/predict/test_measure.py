"""Distances, their intervals, and the scale from known lengths."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.model import CorrelationConfig
from depth_unet.errors import DataError
from depth_unet.predict.known import Known
from depth_unet.predict.measure import Estimate
from depth_unet.predict.prediction import Prediction

WIDTH, HEIGHT, FOCAL_PX = 201, 151, 100.0
SPREAD = 0.1
CORRELATION = CorrelationConfig(far=0.4, length=0.3, log_ratio=0.5, widening=1.1)
HALF_TO_DEVIATION = math.log(5) / 1.2815515655446004  # 80 % of a normal lies within 1.28 deviations


def make(
    depth_m: np.ndarray | None = None,
    log_spread: float | None = math.log(SPREAD),
    calibration: Calibration | None = None,
) -> Prediction:
    """A prediction; by default of a wall 2 m away."""
    camera = Intrinsics.centred(WIDTH, HEIGHT, FOCAL_PX)
    wall_m = np.full((HEIGHT, WIDTH), 2.0, np.float32)
    spread = None if log_spread is None else np.full((15, 20), log_spread, np.float32)
    return Prediction(
        depth_m=wall_m if depth_m is None else depth_m,
        log_spread=spread,
        image=np.zeros((HEIGHT, WIDTH, 3), np.uint8),
        calibration=calibration or Calibration(intrinsics=camera, distortion="none"),
        focal_from="",
        model="",
        engine="",
        correlation=CORRELATION,
    )


def slope() -> np.ndarray:
    """Depth that grows from left to right, from 1 to 3 m."""
    return np.tile(np.linspace(1, 3, WIDTH, dtype=np.float32), (HEIGHT, 1))


def interval_of(estimate: Estimate) -> tuple[float, float]:
    """Its interval, which it must have."""
    assert estimate.interval_m is not None
    return estimate.interval_m


def test_distance_on_a_wall() -> None:
    """Across 50 pixels at 2 m and a focal length of 100 pixels lies 1 m."""
    found = make().measure((75, 75), (125, 75))
    assert found.distance.metres == pytest.approx(1.0)
    assert found.start_depth.metres == found.stop_depth.metres == 2.0
    assert str(found).startswith("75,75 to 125,75: 1.00 m (80 %: ")


def test_distance_in_depth() -> None:
    """Points at different depths: Pythagoras over the differences of their coordinates."""
    found = make(slope()).measure((0, 75), (200, 75))
    start, stop = np.array((-1.0, 0.0, 1.0)), np.array((3.0, 0.0, 3.0))
    assert found.distance.metres == pytest.approx(np.linalg.norm(start - stop), rel=1e-6)


def test_distance_without_lens_distortion() -> None:
    """Distortion is removed: the points lie where OpenCV's undistortion puts them."""
    camera, bent = Intrinsics.centred(WIDTH, HEIGHT, FOCAL_PX), (-0.2, 0.05, 0.0, 0.0)
    lens = Calibration(intrinsics=camera, distortion="brown", coefficients=bent)
    found = make(calibration=lens).measure((20, 30), (180, 120))
    matrix = np.array(((FOCAL_PX, 0, 100), (0, FOCAL_PX, 75), (0, 0, 1)))
    pixels = np.array([[[20.0, 30.0]], [[180.0, 120.0]]])
    criteria = (cv2.TERM_CRITERIA_COUNT, 1000, 0)
    rays = cv2.undistortPoints(pixels, matrix, np.array(bent), criteria=criteria)[:, 0]
    expected_m = 2.0 * np.linalg.norm(rays[0] - rays[1])
    assert found.distance.metres == pytest.approx(expected_m, rel=1e-6)


@pytest.mark.parametrize("stop", [(100, 75), (101, 75), (180, 20), (20, 140)])
def test_interval_against_random_draws(stop: tuple[int, int]) -> None:
    """The ends are the quantiles of the distance over correlated errors, drawn at random."""
    start = (60, 75)
    prediction = make(slope())
    found = prediction.measure(start, stop)
    depth_m = slope()[[start[1], stop[1]], [start[0], stop[0]]]
    apart = math.dist(start, stop) / WIDTH
    jump = abs(math.log(depth_m[0] / depth_m[1]))
    alike = 0.4 + 0.6 * math.exp(-apart / 0.3 - jump / 0.5)
    deviation = 1.1 * SPREAD * HALF_TO_DEVIATION
    errors = np.random.default_rng(0).multivariate_normal(
        (0, 0), deviation**2 * np.array(((1, alike), (alike, 1))), 400_000
    )
    rays = np.array([((x - 100) / FOCAL_PX, (y - 75) / FOCAL_PX, 1) for x, y in (start, stop)])
    moved_m = (depth_m * np.exp(errors))[..., None] * rays
    distances_m = np.linalg.norm(moved_m[:, 0] - moved_m[:, 1], axis=1)
    low_m, high_m = np.quantile(distances_m, (0.1, 0.9))
    assert found.distance.interval_m == pytest.approx((low_m, high_m), rel=0.01)


def test_depth_interval_is_that_of_the_uncertainty() -> None:
    """Without a known length, a depth has the interval that the uncertainty states."""
    prediction = make(slope())
    found = prediction.measure((60, 75), (100, 75)).start_depth
    low_m, high_m = interval_of(found)
    half_m = prediction.uncertainty_m
    assert half_m is not None
    assert (high_m - low_m) / 2 == pytest.approx(half_m[75, 60], rel=1e-5)
    assert low_m * high_m == pytest.approx(found.metres**2)


def test_alike_errors_narrow_the_interval() -> None:
    """Were the errors independent at near points, the interval would be wider."""
    prediction = make()
    alone = replace(prediction, correlation=replace(CORRELATION, far=0.0, length=1e-6))
    near_m, alone_m = (
        interval_of(each.measure((60, 75), (100, 75)).distance) for each in (prediction, alone)
    )
    assert near_m[1] - near_m[0] < alone_m[1] - alone_m[0]


def test_one_pixel_twice_is_no_distance() -> None:
    """Its errors are one and the same."""
    found = make().measure((60, 75), (60, 75)).distance
    assert found.metres == 0.0
    assert found.interval_m == pytest.approx((0.0, 0.0), abs=1e-6)


def test_no_interval_without_a_spread() -> None:
    """A network that predicts no spread measures without interval."""
    found = make(log_spread=None).measure((75, 75), (125, 75))
    assert found.distance.interval_m is found.start_depth.interval_m is None
    assert str(found) == "75,75 to 125,75: 1.00 m"


@pytest.mark.parametrize("point", [(-1, 0), (0, -1), (WIDTH, 0), (0, HEIGHT)])
def test_points_outside_the_photo(point: tuple[int, int]) -> None:
    """They are refused, with the photo's size; so are those of known lengths."""
    message = re.escape(f"the point {point[0]},{point[1]} is outside the photo of 201x151 pixels")
    with pytest.raises(DataError, match=message):
        make().measure((0, 0), point)
    with pytest.raises(DataError, match=message):
        make().calibrated(Known(metres=1, pixels=(point,)))


def test_point_that_the_lens_does_not_show() -> None:
    """A fisheye's corner has no ray."""
    camera = Intrinsics.centred(WIDTH, HEIGHT, 50.0)
    lens = Calibration(intrinsics=camera, distortion="fisheye", coefficients=(0.0, 0.0, 0.0, 0.0))
    with pytest.raises(DataError, match="the lens shows nothing at the point 0,0"):
        make(calibration=lens).measure((0, 0), (100, 75))


def test_known_depth() -> None:
    """Everything is multiplied by true over predicted; the depth of that pixel is then sure."""
    prediction = make(slope()).calibrated(Known(metres=3.0, pixels=((100, 75),)))
    assert prediction.depth_m == pytest.approx(1.5 * slope())
    assert prediction.calibration.depth_scale == pytest.approx(1.5)
    found = prediction.measure((100, 75), (200, 75))
    assert found.start_depth.metres == pytest.approx(3.0)
    assert found.start_depth.interval_m == pytest.approx((3.0, 3.0))
    before = make(slope()).measure((100, 75), (200, 75))
    assert found.distance.metres == pytest.approx(1.5 * before.distance.metres)


def test_known_length() -> None:
    """The length between two pixels becomes the true one, and its interval all but vanishes."""
    known = Known(metres=1.3, pixels=((75, 75), (125, 75)))
    found = make(slope()).calibrated(known).measure((75, 75), (125, 75)).distance
    assert found.metres == pytest.approx(1.3)
    assert found.interval_m == pytest.approx((1.3, 1.3), rel=0.05)


def test_known_length_along_the_rays() -> None:
    """It becomes exact, but the depth of the end with a negative share becomes less certain."""
    prediction, start, stop = make(slope()), (60, 75), (100, 75)
    scaled = prediction.calibrated(Known(metres=1.0, pixels=(start, stop)))
    assert [anchor.weight for anchor in scaled.anchors] == pytest.approx([-0.404, 1.404], abs=0.001)
    before, after = prediction.measure(start, stop), scaled.measure(start, stop)
    assert after.distance.interval_m == pytest.approx((1.0, 1.0), rel=0.1)
    (low_m, high_m), (low_after_m, high_after_m) = (
        interval_of(found.start_depth) for found in (before, after)
    )
    assert high_after_m / low_after_m > 1.05 * high_m / low_m


def test_one_of_several_known_depths_is_not_exact() -> None:
    """The scale is their mean, so that an interval remains at each of them."""
    known = [Known(metres=2.0, pixels=((x, 75),)) for x in (20, 180)]
    low_m, high_m = interval_of(make().calibrated(*known).measure((20, 75), (100, 75)).start_depth)
    assert high_m / low_m > 1.05


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda: make().calibrated(2.03), "known length is of type float; expected Known"),
        (lambda: make().calibrated([]), "known length is of type list; expected Known"),
        (lambda: Known(metres=1, pixels=5), "pixels is of type int; expected one pixel"),
        (lambda: Known(metres=1, pixels=None), "pixels is of type NoneType"),
        (lambda: Known(metres=1, pixels=(5, 5)), "5 is no pixel"),
        (lambda: Known(metres="1", pixels=((5, 5),)), "metres is of type str; expected a number"),
        (lambda: Known(metres=True, pixels=((5, 5),)), "metres is of type bool"),
        (lambda: make().measure(np.array(3), (5, 5)), "is no pixel; expected column and row"),
        (lambda: make().measure((True, False), (5, 5)), "is no pixel"),
        (lambda: make().measure((1.5, 2), (5, 5)), "is no pixel"),
        (lambda: make().measure("12", (5, 5)), "is no pixel"),
    ],
)
def test_wrong_types(use: Callable[[], object], words: str) -> None:
    """A wrong type is a TypeError that names the expected one."""
    with pytest.raises(TypeError, match=words):
        use()


@pytest.mark.usefixtures("unchecked")
def test_other_numbers() -> None:
    """Fractions and NumPy's numbers are numbers, and arrays are pixels."""
    half = Known(metres=Fraction(1, 2), pixels=np.array(((5, 7),)))  # type: ignore[arg-type]
    assert str(half) == "5,7=0.5"
    assert make().calibrated(half).depth_m[7, 5] == pytest.approx(0.5)


def test_known_length_narrows_other_intervals() -> None:
    """The common part of the errors is gone."""
    free_m = interval_of(make(slope()).measure((20, 20), (120, 100)).distance)
    known = Known(metres=2.0, pixels=((100, 75),))
    tied_m = interval_of(make(slope()).calibrated(known).measure((20, 20), (120, 100)).distance)
    assert tied_m[1] / tied_m[0] < free_m[1] / free_m[0]


def test_several_known_lengths_give_the_mean_log_ratio() -> None:
    """Ratios of 1.2 and 1.0 give a scale of the root of 1.2; a new scale replaces the old one."""
    known = Known(metres=2.4, pixels=((10, 10),)), Known(metres=2.0, pixels=((150, 100),))
    scale, ratios = make().fit_scale(*known)
    assert scale == pytest.approx(math.sqrt(1.2))
    assert ratios == pytest.approx([math.sqrt(1.2), 1 / math.sqrt(1.2)])
    twice = make().calibrated(Known(metres=7.0, pixels=((0, 0),))).calibrated(*known)
    once = make().calibrated(*known)
    assert twice.depth_m == pytest.approx(once.depth_m)
    assert twice.calibration.depth_scale == pytest.approx(once.calibration.depth_scale)
    assert twice.anchors == once.anchors


def test_known_lengths_that_disagree() -> None:
    """A factor above 1.5 is refused, and both are named; one below is accepted."""
    first = Known(metres=2.0, pixels=((10, 10),))
    with pytest.raises(DataError, match=r"10,10=2 and 75,75:125,75=1.51 disagree.*1\.51"):
        make().calibrated(first, Known(metres=1.51, pixels=((75, 75), (125, 75))))
    make().calibrated(first, Known(metres=1.49, pixels=((75, 75), (125, 75))))


@pytest.mark.parametrize("metres", [0.0, -1.0, math.inf, math.nan, 1e-320, 1e300, 10**400])
def test_lengths_that_are_not_positive(metres: float) -> None:
    """They are refused."""
    with pytest.raises(DataError, match="is no length; give metres above 0"):
        Known(metres=metres, pixels=((0, 0),))


def test_no_length() -> None:
    """A known length between a point and itself says nothing, and neither does none at all."""
    with pytest.raises(DataError, match="starts where it ends"):
        make().calibrated(Known(metres=1.0, pixels=((5, 5), (5, 5))))
    with pytest.raises(DataError, match="at least one"):
        make().calibrated()


def test_scale_beyond_reason() -> None:
    """A factor above 100 is refused, as it is in camera files."""
    with pytest.raises(DataError, match="ask for 500 times the predicted depth"):
        make().calibrated(Known(metres=1000.0, pixels=((0, 0),)))


def test_shares_of_a_length_add_up_to_one() -> None:
    """Twice the depth at both pixels is twice the length."""
    known = Known(metres=2.0, pixels=((20, 20), (120, 100)))
    shares = [anchor.weight for anchor in make(slope()).calibrated(known).anchors]
    assert sum(shares) == pytest.approx(1.0)
    points = make(slope())
    nearby_m = slope()
    nearby_m[20, 20] *= 1.001
    change = math.log(
        replace(points, depth_m=nearby_m).measure((20, 20), (120, 100)).distance.metres
        / points.measure((20, 20), (120, 100)).distance.metres
    )
    assert change / math.log(1.001) == pytest.approx(shares[0], rel=0.01)
