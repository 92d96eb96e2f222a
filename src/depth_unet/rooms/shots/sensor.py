"""Simulates a cheap camera: exposure, lens, noise and encoding turn light into a photo.

The settings do not depend on the picture, so that the frames of a walk can share them.
"""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy.random import Generator

REFERENCE_WIDTH = 320  # Blurs are in pixels of an image of this width.
BLUR_PX = (0.37, 0.57)
"""Standard deviation of the lens's blur: about as sharp as NYU.

Measured at 320 x 240 as the gradient's mean power at 0.3 to 0.5, and at 0.2 to 0.3, cycles per
pixel over that at 0.08 to 0.2: 60 frames of NYU have medians 0.25 and 0.60 (quartiles 0.22 to 0.29
and 0.55 to 0.68); 24 views of 12 rooms, five cameras each, noise included, 0.37 and 0.55.
"""
BRIGHTEST = 6.0  # Light above this level adds no more glare.
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """Settings of one camera.

    Attributes:
        key: Geometric mean of the exposed picture, linear.
        highlight: Upper limit of the 90th percentile of the exposed picture.
        white_balance: Factor per colour.
        vignette: Share of light lost in the corners.
        glare: Share of light that the lens spreads widely.
        shoulder: How strongly bright parts are compressed.
        blur_px: Standard deviation of the lens blur at a width of 320.
        shot_noise: Variance per unit of light.
        read_noise: Variance without light.
        gamma: Gamma of the encoding.
        sharpening: Share of the fine detail that is added to the picture.
        contrast: Factor about middle grey.
        saturation: Factor about grey.
    """

    key: float
    highlight: float
    white_balance: tuple[float, float, float]
    vignette: float
    glare: float
    shoulder: float
    blur_px: float
    shot_noise: float
    read_noise: float
    gamma: float
    sharpening: float
    contrast: float
    saturation: float

    @classmethod
    def draw(cls, rng: Generator) -> Self:
        """Random settings, spread about as in NYU's frames."""
        red, green, blue = np.exp(rng.normal(0, 0.05, 3))
        return cls(
            key=float(rng.uniform(0.13, 0.3)),
            highlight=float(rng.uniform(0.8, 1.7)),
            white_balance=(float(red), float(green), float(blue)),
            vignette=float(rng.uniform(0, 0.25)),
            glare=float(rng.uniform(0.02, 0.06)),
            shoulder=float(rng.uniform(0, 0.5)),
            blur_px=float(rng.uniform(*BLUR_PX)),
            shot_noise=float(rng.uniform(1e-5, 6e-4)),
            read_noise=float(rng.uniform(0, 4e-5)),
            gamma=float(rng.uniform(1.9, 2.5)),
            sharpening=float(max(rng.uniform(-0.6, 0.8), 0)),
            contrast=float(rng.uniform(0.95, 1.15)),
            saturation=float(rng.uniform(0.7, 1.2)),
        )


def photograph(
    radiance: Float32[np.ndarray, "h w 3"], sensor: Sensor, rng: Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """An RGB photo of linear light >= 0 of any scale; ``rng`` draws the noise."""
    picture = _through_lens(_expose(radiance, sensor), sensor)
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    picture += noise * np.sqrt(np.maximum(picture, 0) * sensor.shot_noise + sensor.read_noise)
    return _encode(picture, sensor)


def _expose(radiance: Float32[np.ndarray, "h w 3"], sensor: Sensor) -> Float32[np.ndarray, "h w 3"]:
    """Exposure and white balance: few parts are clipped, and dark parts are visible."""
    luminance = radiance @ LUMINANCE
    middle = max(float(np.median(luminance)), 1e-9)
    geometric_mean = float(np.exp(np.log(luminance / middle + 0.05).mean())) * middle
    exposure = min(
        sensor.key / geometric_mean,
        sensor.highlight / max(float(np.percentile(luminance, 90)), 1e-9),
    )
    exposure = max(exposure, 0.06 / middle)
    colours = np.array(sensor.white_balance, np.float32) * np.float32(exposure)
    return np.asarray(radiance * colours)


def _through_lens(
    picture: Float32[np.ndarray, "h w 3"], sensor: Sensor
) -> Float32[np.ndarray, "h w 3"]:
    height, width = picture.shape[:2]
    rows, columns = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    fall = 1 - sensor.vignette / 2 * (rows[:, None] ** 2 + columns**2)
    picture = picture * fall[..., None].astype(np.float32)
    picture *= np.float32(1 - sensor.glare)
    picture += np.float32(sensor.glare) * _blur_widely(np.minimum(picture, BRIGHTEST))
    picture /= 1 + np.float32(sensor.shoulder) * picture
    return _blur(picture, sensor.blur_px * width / REFERENCE_WIDTH)


def _encode(picture: Float32[np.ndarray, "h w 3"], sensor: Sensor) -> UInt8[np.ndarray, "h w 3"]:
    """Gamma, sharpening, contrast and saturation, as 8 bits."""
    width = picture.shape[1]
    encoded = np.clip(picture, 0, 1) ** np.float32(1 / sensor.gamma)
    if sensor.sharpening:
        detail = encoded - _blur(encoded, 1.2 * width / REFERENCE_WIDTH)
        encoded += np.float32(sensor.sharpening) * detail
    grey = (encoded @ LUMINANCE)[..., None]
    encoded = grey + (encoded - grey) * np.float32(sensor.saturation)
    encoded = (encoded - np.float32(0.5)) * np.float32(sensor.contrast) + np.float32(0.5)
    return np.asarray(np.rint(np.clip(encoded, 0, 1) * 255), dtype=np.uint8)


def _blur_widely(picture: Float32[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h w 3"]:
    """A wide blur, computed at an eighth of the size."""
    height, width = picture.shape[:2]
    small_size = (max(width // 8, 1), max(height // 8, 1))
    small = cv2.resize(picture, small_size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(small_size[0] / 25, 0.3))
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _blur(
    picture: Float32[np.ndarray, "h w 3"], deviation_px: float
) -> Float32[np.ndarray, "h w 3"]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), deviation_px), dtype=np.float32)
