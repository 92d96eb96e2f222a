"""Distances between points of a photo, in metres, with their 80 % intervals.

The interval follows from the spread of the predicted log-depth and from how alike its errors are
at the two points: the two ends of a table are too far or too near together, so that its length is
surer than either depth.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from depth_unet.arrays import Float32, Float64
from depth_unet.camera.calibration import Calibration
from depth_unet.config.checks import is_whole
from depth_unet.config.model import CorrelationConfig
from depth_unet.errors import DataError
from depth_unet.images.resize import resize_bilinear
from depth_unet.predict.spread import LOG_HALF

INSIDE = 0.8  # share of the true values that an interval holds
TO_EDGE = NormalDist().inv_cdf((1 + INSIDE) / 2)  # from the middle to an end, standard deviations
STEPS = 64  # quantiles of each normal variable, in place of random draws
NORMAL = np.array([NormalDist().inv_cdf((i + 0.5) / STEPS) for i in range(STEPS)])

Matrix = Float64[np.ndarray, "n n"]


class Pixel(NamedTuple):
    """A pixel of the upright photo; 0, 0 is the first one."""

    x: int
    y: int

    def __str__(self) -> str:
        return f"{self.x},{self.y}"


def _check_inside(pixel: Pixel, height: int, width: int) -> Pixel:
    """Return a pixel of the photo.

    Raises:
        DataError: It is outside.
    """
    if not (0 <= pixel.x < width and 0 <= pixel.y < height):
        raise DataError(
            f"the point {pixel} is outside the photo of {width}x{height} pixels; give x from 0 to "
            f"{width - 1} and y from 0 to {height - 1}"
        )
    return pixel


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether it is a sequence or an array with a length."""
    return isinstance(value, Sequence) or (isinstance(value, np.ndarray) and value.ndim > 0)


def check_pixel(pixel: object) -> Pixel:
    """Return a pixel given as column and row.

    Raises:
        TypeError: It is something else.
    """
    if is_list(pixel) and len(pixel) == 2 and all(map(is_whole, pixel)):
        return Pixel(*map(int, pixel))
    raise TypeError(f"{pixel!r} is no pixel; expected column and row, two whole numbers")


class Anchor(NamedTuple):
    """A pixel that fixed the scale of a prediction.

    Attributes:
        pixel: The pixel.
        weight: Its share in the logarithm of the scale. The shares of all anchors add up to 1.
    """

    pixel: Pixel
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Points:
    """What is predicted at some pixels of a photo.

    Attributes:
        pixels: The pixels.
        longer_side: Longer side of the photo, pixels.
        depth_m: Their depth along the optical axis, metres.
        rays: x/z and y/z of their rays.
        log_half: Half the width of the 80 % interval of log-depth; None without a spread.
    """

    pixels: Sequence[Pixel]
    longer_side: int
    depth_m: Float64[np.ndarray, " n"]
    rays: Float64[np.ndarray, "n 2"]
    log_half: Float64[np.ndarray, " n"] | None

    @property
    def places_m(self) -> Float64[np.ndarray, "n 3"]:
        """Their places in camera coordinates, metres."""
        places: np.ndarray = self.depth_m[:, None] * np.insert(self.rays, 2, 1.0, axis=1)
        return places


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A length, with the interval that holds the true one in 80 % of cases.

    Attributes:
        metres: The length.
        interval_m: Both ends of the interval; None if the network predicts no spread.
    """

    metres: float
    interval_m: tuple[float, float] | None = None

    def __str__(self) -> str:
        if self.interval_m is None:
            return f"{self.metres:.2f} m"
        low_m, high_m = self.interval_m
        return f"{self.metres:.2f} m (80 %: {low_m:.2f} to {high_m:.2f} m)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The distance between the points that two pixels show.

    Attributes:
        start: The first pixel.
        stop: The second pixel.
        distance: Length of the straight line between the two points.
        start_depth: Depth of the first point along the optical axis.
        stop_depth: Depth of the second point.
    """

    start: Pixel
    stop: Pixel
    distance: Estimate
    start_depth: Estimate
    stop_depth: Estimate

    def __str__(self) -> str:
        return f"{self.start} to {self.stop}: {self.distance}"


def points_at(
    pixels: Sequence[tuple[int, int]],
    depth_m: Float32[np.ndarray, "h w"],
    log_spread: Float32[np.ndarray, "h2 w2"] | None,
    calibration: Calibration,
) -> Points:
    """What is predicted at some pixels.

    Args:
        pixels: Column and row of each.
        depth_m: Depth of the photo, metres.
        log_spread: Log of the scale of log-depth's Laplace distribution, at any size, or None.
        calibration: The photo's camera.

    Raises:
        DataError: A pixel is outside the photo, or the lens shows nothing there.
        TypeError: A pixel is no pair of whole numbers.
    """
    height, width = depth_m.shape
    places = [_check_inside(check_pixel(pixel), height, width) for pixel in pixels]
    columns, rows = np.array(places).T
    rays = calibration.rays_at(np.array(places, float))
    for place, ray in zip(places, rays, strict=True):
        if np.isnan(ray).any():
            raise DataError(
                f"the lens shows nothing at the point {place}; choose one nearer to the middle"
            )
    log_half = None
    if log_spread is not None:
        spread = resize_bilinear(log_spread, height, width)[rows, columns]
        log_half = LOG_HALF * np.exp(spread, dtype=np.float64)
    return Points(
        pixels=places,
        longer_side=max(height, width),
        depth_m=depth_m[rows, columns].astype(np.float64),
        rays=rays,
        log_half=log_half,
    )


def measure(
    points: Points, weights: Sequence[float], correlation: CorrelationConfig
) -> Measurement:
    """The distance between the first two points.

    Args:
        points: These two, then the pixels that fixed the scale.
        weights: The weights of the latter; see ``Anchor``.
        correlation: How alike the errors at two pixels are.

    Returns:
        Distance and depths in metres, with intervals if the points have ``log_half``.
    """
    start, stop, *_ = points.pixels
    start_m, stop_m, *_ = points.depth_m.tolist()
    places_m = points.places_m[:2]
    distance_m = float(np.linalg.norm(places_m[0] - places_m[1]))
    if points.log_half is None:
        found = [Estimate(metres=metres) for metres in (distance_m, start_m, stop_m)]
    else:
        errors = _covariance(points, weights, correlation)
        low_m, high_m = _distance_quantiles(places_m, errors, correlation.widening)
        # The predicted distance is never outside.
        interval_m = min(low_m, distance_m), max(high_m, distance_m)
        found = [Estimate(metres=distance_m, interval_m=interval_m)]
        for metres, variance in zip((start_m, stop_m), np.diag(errors), strict=True):
            factor = math.exp(TO_EDGE * math.sqrt(variance))
            found.append(Estimate(metres=metres, interval_m=(metres / factor, metres * factor)))
    return Measurement(
        start=start, stop=stop, distance=found[0], start_depth=found[1], stop_depth=found[2]
    )


def _correlations(points: Points, config: CorrelationConfig) -> Matrix:
    """Correlation of the errors of log-depth for each two of the points."""
    places = np.array(points.pixels, float)
    apart = np.linalg.norm(places[:, None] - places, axis=2) / points.longer_side
    logs = np.log(points.depth_m)
    return correlation_of(apart, np.abs(logs[:, None] - logs), config)


def correlation_of(
    apart: Float64[np.ndarray, "*n"], jump: Float64[np.ndarray, "*n"], config: CorrelationConfig
) -> Float64[np.ndarray, "*n"]:
    """Correlation of the errors of log-depth at two pixels.

    Args:
        apart: Their distance, in longer sides of the photo.
        jump: Difference of their predicted log-depth.
        config: The parameters.
    """
    near: np.ndarray = np.exp(-apart / config.length - jump / config.log_ratio)
    return config.far + (1 - config.far) * near


def _covariance(points: Points, weights: Sequence[float], correlation: CorrelationConfig) -> Matrix:
    """Covariance of the errors of log-depth at the first two points."""
    assert points.log_half is not None
    deviations = points.log_half / TO_EDGE
    errors = deviations[:, None] * _correlations(points, correlation) * deviations
    # The scale removed the weighted mean of the anchors' errors from all errors.
    mix = np.eye(2, len(deviations))
    mix[:, 2:] -= weights
    covariance: Matrix = mix @ errors @ mix.T
    return covariance


def _distance_quantiles(
    places_m: Float64[np.ndarray, "2 3"], errors: Matrix, widening: float
) -> tuple[float, float]:
    """The ends of the 80 % interval of the distance between two points, metres.

    Errors move the points along their rays. The distance is not linear in them, so that the ends
    are quantiles over a grid of errors.

    Args:
        places_m: The two points.
        errors: Covariance of the errors of their log-depth.
        widening: Factor on the errors.
    """
    first, second = np.meshgrid(NORMAL, NORMAL, indexing="ij")
    deviation = math.sqrt(errors[0, 0])
    slope = errors[0, 1] / deviation if deviation > 0 else 0.0
    rest = math.sqrt(max(errors[1, 1] - slope**2, 0.0))
    start_m = np.exp(widening * deviation * first)[..., None] * places_m[0]
    stop_m = np.exp(widening * (slope * first + rest * second))[..., None] * places_m[1]
    distances_m = np.linalg.norm(start_m - stop_m, axis=-1)
    low_m, high_m = np.quantile(distances_m, ((1 - INSIDE) / 2, (1 + INSIDE) / 2)).tolist()
    return low_m, high_m
