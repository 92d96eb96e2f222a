"""Depth to colour: which pixels can be drawn, over which range, in which colours."""

import math

import matplotlib
import numpy as np
from jaxtyping import Bool, Float, UInt8
from matplotlib.colors import Colormap

from depth_unet.errors import ConfigError

DEPTH_COLORMAP = "magma_r"
"""Near is bright and warm, far is dark, like a room lit from the camera. Lightness falls evenly
with depth, so shapes survive grey print and colour blindness; turbo, tried beside it on NYU rooms,
drew contours that no room has and painted the nearest third one dark red."""
ERROR_COLORMAP = "Blues"
"""White where the prediction is right; a hue that the depth map has nowhere."""
HOLE_GREY = 160
"""Neutral, so on neither colour map at any lightness."""

_SHADES = 256
_STEPS_PER_METRE = 10
_EMPTY_RANGE_M = (0.0, 10.0)


def colourise(
    depth_m: Float[np.ndarray, "h w"],
    low_m: float,
    high_m: float,
    *,
    colormap: str = DEPTH_COLORMAP,
) -> UInt8[np.ndarray, "h w 3"]:
    """Paint a depth map: near bright and warm, far dark, holes grey.

    Args:
        depth_m: Depth, h w, metres; 0, negative and non-finite pixels are holes.
        low_m: Depth of the first colour, metres; what is nearer gets the same colour.
        high_m: Depth of the last colour, metres, above ``low_m``.
        colormap: Name of a matplotlib colour map, first colour for ``low_m``.

    Returns:
        RGB, h w 3, 0 to 255; all grey for a map without a valid pixel.

    Raises:
        ConfigError: The range is empty or not finite, or no colour map has that name.

    Example:
        >>> colourise(np.array([[1.0, 0.0]]), 1.0, 5.0)[0, 1].tolist()
        [160, 160, 160]
    """
    return paint(depth_m, drawable(depth_m), low_m, high_m, colormap)


def drawable(depth_m: Float[np.ndarray, "*shape"]) -> Bool[np.ndarray, "*shape"]:
    """True where a depth in metres is finite and above 0."""
    valid: Bool[np.ndarray, "*shape"] = np.isfinite(depth_m) & (depth_m > 0)
    return valid


def depth_range(
    *depths_m: Float[np.ndarray, "..."], tail_percent: float = 1.0
) -> tuple[float, float]:
    """One robust range for several depth maps, rounded outward to 0.1 m.

    Args:
        depths_m: Depth maps of any shape, metres; holes (0, negative, non-finite) are left out.
        tail_percent: Share of the valid pixels, in percent, that may lie beyond either end.

    Returns:
        Low and high, metres, with ``low < high``. A flat depth gets 0.1 m on either side;
        without a valid pixel the range is 0 to 10 m.

    Example:
        >>> depth_range(np.array([[1.23, 0.0], [2.0, np.nan]]), tail_percent=0.0)
        (1.2, 2.0)
    """
    values = np.concatenate([depth[drawable(depth)] for depth in depths_m] or [np.empty(0)])
    if values.size == 0:
        return _EMPTY_RANGE_M
    low, high = np.percentile(values, (tail_percent, 100.0 - tail_percent))
    low_m = round_outward(float(low), down=True)
    high_m = round_outward(float(high))
    if low_m == high_m:
        step = 1 / _STEPS_PER_METRE
        return max(round(low_m - step, 1), 0.0), round(high_m + step, 1)
    return low_m, high_m


def round_outward(value_m: float, *, down: bool = False) -> float:
    """Round metres up (or down) to a tenth; float32's 2.2999999 counts as 2.3."""
    steps = round(value_m * _STEPS_PER_METRE, 4)
    return (math.floor(steps) if down else math.ceil(steps)) / _STEPS_PER_METRE


def paint(
    values: Float[np.ndarray, "h w"],
    valid: Bool[np.ndarray, "h w"],
    low: float,
    high: float,
    colormap: str,
) -> UInt8[np.ndarray, "h w 3"]:
    """Look every valid value up in a colour map of 256 shades; the rest is grey.

    Unlike ``colourise`` it takes any value that ``valid`` allows, 0 too (an error may be 0).

    Raises:
        ConfigError: The range is empty or not finite, or no colour map has that name.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ConfigError(f"colour range is {low} to {high}; expected low < high, both finite")
    table = named_colormap(colormap)(np.linspace(0.0, 1.0, _SHADES), bytes=True)[:, :3]
    unit = (np.where(valid, values, low) - low) / (high - low)
    shade = np.rint(np.clip(unit, 0.0, 1.0) * (_SHADES - 1)).astype(np.uint8)
    painted: UInt8[np.ndarray, "h w 3"] = table[shade]
    painted[~valid] = HOLE_GREY
    return painted


def named_colormap(name: str) -> Colormap:
    """The matplotlib colour map of that name.

    Raises:
        ConfigError: There is none.
    """
    if name not in matplotlib.colormaps:
        raise ConfigError(f"no colour map is called {name!r}; try {DEPTH_COLORMAP!r} or 'turbo'")
    return matplotlib.colormaps[name]
