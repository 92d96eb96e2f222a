"""Tileable noise."""

import numpy as np
from jaxtyping import Float, Float32, UInt8
from numpy.random import Generator

SIDE_PX = 256


def noise(
    rng: Generator, slope: float, stretch_x: float = 1.0, stretch_y: float = 1.0
) -> Float32[np.ndarray, "256 256"]:
    """Noise of mean 0 and deviation 1 whose amplitude falls as 1 / frequency ** slope.

    It is made from its spectrum, so it repeats without a seam. Slope 0 is white noise, 2 is soft
    clouds; a stretch above 1 elongates the pattern along rows (x) or columns (y).
    """
    rows, columns = np.abs(np.fft.fftfreq(SIDE_PX)), np.fft.rfftfreq(SIDE_PX)
    distance = SIDE_PX * np.hypot(columns[None] * stretch_x, rows[:, None] * stretch_y)
    distance[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(size=(SIDE_PX, SIDE_PX))) * distance**-slope
    values = np.fft.irfft2(spectrum, s=(SIDE_PX, SIDE_PX))
    return np.asarray((values - values.mean()) / (values.std() + 1e-9), np.float32)


def smooth_step(values: Float[np.ndarray, "..."], sharpness: float) -> Float32[np.ndarray, "..."]:
    """The logistic curve: 0 far below zero, 1 far above."""
    return np.asarray(1 / (1 + np.exp(-sharpness * np.clip(values, -20, 20))), np.float32)


def to_bytes(image: Float[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """An sRGB picture of 0 to 1 as bytes."""
    return np.asarray(np.clip(image, 0, 1) * 255 + 0.5, np.uint8)
