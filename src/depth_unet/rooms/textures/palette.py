"""Random colours by hue, saturation and value; sRGB and linear light."""

import colorsys

import numpy as np
from jaxtyping import Float32
from numpy.random import Generator

from depth_unet.rooms.mesh import Vector

Range = tuple[float, float]
ANY_HUE: Range = (0.0, 1.0)
WARM_HUES: Range = (0.02, 0.17)


def draw_colour(
    rng: Generator, hue: Range = ANY_HUE, saturation: Range = (0.0, 0.5), value: Range = (0.2, 0.9)
) -> Float32[np.ndarray, "3"]:
    """A random sRGB colour, 0 to 1; hues are turns from red and may exceed 0 to 1."""
    colour = colorsys.hsv_to_rgb(
        rng.uniform(*hue) % 1.0, rng.uniform(*saturation), rng.uniform(*value)
    )
    return np.array(colour, np.float32)


def linear(colour: Float32[np.ndarray, "3"]) -> Vector:
    """Linear light of an sRGB colour, both 0 to 1 (IEC 61966-2-1)."""
    curve = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    red, green, blue = (float(channel) for channel in curve)
    return red, green, blue


def grey(value: float) -> Vector:
    """Linear light of an sRGB grey."""
    return linear(np.full(3, value, np.float32))
