"""The scale of a prediction from depths or lengths that are known, measured with a tape."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from depth_unet.config.checks import as_number
from depth_unet.errors import DataError
from depth_unet.predict.measure import Anchor, Pixel, Points, check_pixel, is_list

LEAST_M, MOST_M = 1e-6, 1e6
MOST_APART = 1.5  # largest ratio of the scales that two known lengths give
MOST_SHARE = 5.0  # of a pixel's depth error in that of a length; more is a length along no ray


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A true depth at a pixel, or a true distance between the points that two pixels show.

    Attributes:
        metres: Its true value, from 1e-6 to 1e6. A depth is measured along the optical axis, from
            the plane of the camera.
        pixels: Column and row of one pixel for a depth, of two for a distance.

    Raises:
        DataError: The length is out of range, or there are not one or two pixels.
        TypeError: The length is no number, or a pixel is no pair of whole numbers.

    Example:
        >>> str(Known(metres=1.8, pixels=((10, 200), (310, 200))))
        '10,200:310,200=1.8'
    """

    metres: float
    pixels: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "metres", as_number("metres", self.metres))
        if not is_list(self.pixels):
            raise TypeError(
                f"pixels is of type {type(self.pixels).__name__}; expected one pixel for a depth "
                "or two for a distance, such as ((10, 200), (310, 200))"
            )
        for pixel in self.pixels:
            check_pixel(pixel)
        if not LEAST_M <= self.metres <= MOST_M:
            raise DataError(
                f"the known length {self} is no length; give metres above 0, from {LEAST_M:g} to "
                f"{MOST_M:g}"
            )
        if len(self.pixels) not in (1, 2):
            raise DataError(
                f"the known length has {len(self.pixels)} pixels; give one for a depth, or two"
            )

    def __str__(self) -> str:
        places = ":".join(str(Pixel(*pixel)) for pixel in self.pixels)
        return f"{places}={self.metres:g}"

    def log_ratio(self, points: Points) -> float:
        """Logarithm of the true length over the predicted one.

        Raises:
            DataError: The points are one and the same, or too close together to say anything.
        """
        predicted_m = points.depth_m[0]
        if len(self.pixels) == 2:
            predicted_m = np.linalg.norm(np.subtract(*points.places_m))
        if not predicted_m > 0:
            raise DataError(f"the known length {self} starts where it ends; give two points")
        if max(abs(anchor.weight) for anchor in self.anchors(points)) > MOST_SHARE:
            raise DataError(
                f"the known length {self} is too short for its distance from the camera: errors of "
                "depth decide it; measure a longer one, across the photo"
            )
        return math.log(self.metres / predicted_m)

    def anchors(self, points: Points) -> list[Anchor]:
        """The pixels, with the relative change of the length for that of the depth of each."""
        if len(self.pixels) == 1:
            return [Anchor(points.pixels[0], 1.0)]
        start_m, stop_m = points.places_m
        along = start_m - stop_m
        share = float(start_m @ along / (along @ along))
        return [Anchor(points.pixels[0], share), Anchor(points.pixels[1], 1 - share)]


def fit_scale(
    known: Sequence[Known], points_of: Callable[[Sequence[tuple[int, int]]], Points]
) -> tuple[float, list[float]]:
    """The scale of depth that fits known lengths, and what it leaves; see ``Prediction.fit_scale``.

    Args:
        known: The known lengths.
        points_of: What is predicted at some pixels.
    """
    if not known:
        raise DataError("no length is known; give at least one")
    for item in known:
        if not isinstance(item, Known):
            raise TypeError(
                f"a known length is of type {type(item).__name__}; expected Known, one or more, "
                "such as Known(metres=2.5, pixels=((320, 240),))"
            )
    logs = [item.log_ratio(points_of(item.pixels)) for item in known]
    low, high = int(np.argmin(logs)), int(np.argmax(logs))
    apart = math.exp(logs[high] - logs[low])
    if apart > MOST_APART:
        raise DataError(
            f"the known lengths {known[low]} and {known[high]} disagree: the scales that they give "
            f"differ by a factor of {apart:.2f}, and at most {MOST_APART} is accepted; measure "
            "again, or correct the pixels"
        )
    scale = math.exp(sum(logs) / len(logs))
    return scale, [math.exp(log) / scale for log in logs]
