"""A camera with lens distortion, and the ray of each of its pixels."""

import math
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from depth_unet.arrays import Float64
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import DataError

Distortion = Literal["none", "brown", "fisheye"]
Rays = Float64[np.ndarray, "n 2"]
"""x/z and y/z of each ray."""
COUNTS: dict[Distortion, tuple[int, ...]] = {
    "none": (0,),
    "brown": (4, 5, 8, 12, 14),
    "fisheye": (4,),
}
LONGEST_SIDE_PX = 65535
FARTHEST_RAD = math.radians(89)  # A point at 1 m of depth is then 57 m away.
FARTHEST_ERROR_PX = 0.5
RADII = 8192  # size of the table of first guesses
STEPS = 20  # of Newton's method; three to five are needed
DIFFERENCE = 1e-7  # relative step of its numerical derivatives
SMALLEST_SCALE = 0.01
CLOSE = 1e-13  # error at which it stops, in focal lengths
BLOCK = 2**18  # pixels at a time: about 60 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A calibrated camera.

    Attributes:
        intrinsics: The camera without distortion.
        distortion: ``none``; ``brown``, OpenCV's plumb bob (4 or 5 coefficients: k1, k2, p1, p2,
            k3), rational (8: also k4, k5, k6), thin prism (12: also s1 to s4) and tilted (14: also
            τx, τy) model; ``fisheye``, OpenCV's equidistant model (4: k1 to k4).
        coefficients: In OpenCV's order, independent of the image size.
        depth_scale: Factor on the depth that a network predicts for this camera, measured with a
            known length.
        scaled_for: The weights that ``depth_scale`` was measured with, see ``Predictor.weights``;
            empty if not known.
        focal_assumed: Whether the focal length was never measured.
    """

    intrinsics: Intrinsics
    distortion: Distortion
    coefficients: tuple[float, ...] = ()
    depth_scale: float = 1.0
    scaled_for: str = ""
    focal_assumed: bool = False

    def __post_init__(self) -> None:
        if not SMALLEST_SCALE <= self.depth_scale <= 1 / SMALLEST_SCALE:
            raise DataError(
                f"the camera's depth scale is {self.depth_scale:g}; expected a factor from "
                f"{SMALLEST_SCALE:g} to {1 / SMALLEST_SCALE:g}; correct it"
            )
        if max(self.intrinsics.width, self.intrinsics.height) > LONGEST_SIDE_PX:
            raise DataError(
                f"the camera's image is larger than {LONGEST_SIDE_PX} pixels a side; correct the "
                "size"
            )
        counts = COUNTS[self.distortion]
        if len(self.coefficients) not in counts:
            expected = ", ".join(map(str, counts))
            raise DataError(
                f"the camera has {len(self.coefficients)} distortion coefficients; the model "
                f"{self.distortion!r} has {expected}; correct the coefficients"
            )
        if not all(math.isfinite(value) for value in self.coefficients):
            raise DataError(
                f"the camera has distortion coefficients {self.coefficients}; all must be finite; "
                "correct the coefficients"
            )

    @property
    def is_pinhole(self) -> bool:
        """Whether the lens has no distortion."""
        return self.distortion != "fisheye" and not any(self.coefficients)

    @property
    def is_symmetric(self) -> bool:
        """Whether the camera is the same after a quarter turn but for its image's sides."""
        camera = self.intrinsics
        centred = Intrinsics.centred(camera.width, camera.height, camera.fx_px)
        return self.is_pinhole and np.allclose(camera.values_px, centred.values_px, rtol=1e-6)

    def resized(self, width: int, height: int) -> Self:
        """The calibration of the same image at another size."""
        return replace(self, intrinsics=self.intrinsics.resized(width, height))

    def rays(self) -> Float64[np.ndarray, "h w 2"]:
        """The direction of each pixel.

        Returns:
            x/z and y/z per pixel (x right, y down, z along the axis), so that its point is
            depth · (x/z, y/z, 1). NaN if the pixel has no ray: 89 degrees or more off the axis,
            beyond the radius at which the distortion model folds back, or if the search ends
            more than half a pixel away.
        """
        camera = self.intrinsics
        rays = np.empty((camera.height, camera.width, 2))
        rays[..., 0] = np.arange(camera.width)
        rays[..., 1] = np.arange(camera.height)[:, None]
        self._directions(rays.reshape(-1, 2))
        return rays

    def rays_at(self, pixels: Float64[np.ndarray, "n 2"]) -> Rays:
        """The directions of some pixels, given by column and row; see ``rays``."""
        rays = pixels.copy()
        self._directions(rays)
        return rays

    def _directions(self, pixels: Float64[np.ndarray, "n 2"]) -> None:
        """Replace columns and rows by x/z and y/z."""
        camera = self.intrinsics
        pixels -= camera.cx_px, camera.cy_px
        pixels /= camera.fx_px, camera.fy_px
        if self.is_pinhole:
            return
        table = self._radii()
        for start in range(0, len(pixels), BLOCK):
            pixels[start : start + BLOCK] = self._undistort(pixels[start : start + BLOCK], *table)

    def _radii(self) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
        """Radii without and with distortion, up to where the distorted radius stops growing."""
        radii = np.tan(np.linspace(0, FARTHEST_RAD, RADII))
        with np.errstate(all="ignore"):
            bent = radii * _radial(self.distortion, self.coefficients, radii**2)
            falls = np.flatnonzero(~(np.diff(bent) > 0))
        end = falls[0] + 1 if falls.size else RADII
        return radii[:end], bent[:end]

    def _undistort(
        self, seen: Rays, radii: Float64[np.ndarray, " k"], bent: Float64[np.ndarray, " k"]
    ) -> Rays:
        """Rays without distortion for pixels ``seen``, by Newton's method."""
        camera = self.intrinsics
        with np.errstate(all="ignore"):
            radius = np.hypot(seen[:, 0], seen[:, 1])
            # Tangential distortion may bring a ray from beyond the table's end back inside.
            scale = np.where(radius > 0, np.interp(radius, bent, radii) / radius, 1.0)
            rays = seen * scale[:, None]
            for _ in range(STEPS):
                here = self._distort(rays)
                if not (np.abs(seen - here) > CLOSE).any():
                    break
                rays = rays + self._step(rays, here, seen - here)
            error_px = (seen - self._distort(rays)) * (camera.fx_px, camera.fy_px)
            found = np.hypot(error_px[:, 0], error_px[:, 1]) <= FARTHEST_ERROR_PX
            found &= np.hypot(rays[:, 0], rays[:, 1]) <= radii[-1]
        return np.where(found[:, None], rays, np.nan)

    def _step(self, rays: Rays, here: Rays, error: Rays) -> Rays:
        """One step of Newton's method: the change of rays that removes ``error``."""
        size = DIFFERENCE * (1 + np.hypot(rays[:, 0], rays[:, 1]))[:, None]
        by_x = (self._distort(rays + size * (1, 0)) - here) / size
        by_y = (self._distort(rays + size * (0, 1)) - here) / size
        area = by_x[:, 0] * by_y[:, 1] - by_y[:, 0] * by_x[:, 1]
        step_x = error[:, 0] * by_y[:, 1] - by_y[:, 0] * error[:, 1]
        step_y = by_x[:, 0] * error[:, 1] - error[:, 0] * by_x[:, 1]
        step: Rays = np.stack((step_x, step_y), axis=1) / area[:, None]
        return step

    def _distort(self, rays: Rays) -> Rays:
        """Distorted rays, in focal lengths from the axis."""
        x, y = rays.T
        square = x * x + y * y
        bent: Rays = rays * _radial(self.distortion, self.coefficients, square)[:, None]
        if self.distortion == "fisheye":
            return bent
        p1, p2 = self.coefficients[2:4]
        s1, s2, s3, s4, tau_x, tau_y = _pad(self.coefficients)[8:]
        bent[:, 0] += 2 * p1 * x * y + p2 * (square + 2 * x * x) + (s1 + s2 * square) * square
        bent[:, 1] += 2 * p2 * x * y + p1 * (square + 2 * y * y) + (s3 + s4 * square) * square
        return _tilt(bent, tau_x, tau_y) if tau_x or tau_y else bent


def _radial(
    distortion: Distortion,
    coefficients: tuple[float, ...],
    square: Float64[np.ndarray, " n"],
) -> Float64[np.ndarray, " n"]:
    """Factor on radii, given squared."""
    if distortion == "fisheye":
        radius = np.sqrt(square)
        angle = np.arctan(radius)
        bent = angle * _polynomial(coefficients, angle * angle)
        return np.where(radius > 0, bent / np.where(radius > 0, radius, 1), 1.0)
    k1, k2, _, _, k3, k4, k5, k6 = _pad(coefficients)[:8]
    bent = _polynomial((k1, k2, k3), square)
    bent /= _polynomial((k4, k5, k6), square)
    return bent


def _polynomial(
    coefficients: tuple[float, ...], value: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """1 + k1 v + k2 v² + ..."""
    total: Float64[np.ndarray, " n"] = np.zeros_like(value)
    for coefficient in reversed(coefficients):
        total = (total + coefficient) * value
    total += 1
    return total


def _pad(coefficients: tuple[float, ...]) -> tuple[float, ...]:
    return coefficients + (0.0,) * (14 - len(coefficients))


def _tilt(seen: Rays, tau_x: float, tau_y: float) -> Rays:
    """Projection onto a tilted sensor, as OpenCV's computeTiltProjectionMatrix."""
    cos_x, sin_x, cos_y, sin_y = math.cos(tau_x), math.sin(tau_x), math.cos(tau_y), math.sin(tau_y)
    about_x = np.array(((1, 0, 0), (0, cos_x, sin_x), (0, -sin_x, cos_x)))
    about_y = np.array(((cos_y, 0, -sin_y), (0, 1, 0), (sin_y, 0, cos_y)))
    turn = about_y @ about_x
    to_plane = np.array(((turn[2, 2], 0, -turn[0, 2]), (0, turn[2, 2], -turn[1, 2]), (0, 0, 1)))
    matrix = to_plane @ turn
    points = seen @ matrix[:, :2].T + matrix[:, 2]
    tilted: Rays = points[:, :2] / points[:, 2:]
    return tilted
