"""Depth to colour: which pixels can be drawn, over which range, in which colours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from depth_unet.arrays import Bool, Float, UInt8, percentiles
from depth_unet.errors import ConfigError

DEPTH_COLORMAP = "magma_r"
"""Near is bright and warm, far is dark, like a room lit from the camera. Lightness falls evenly
with depth, so shapes survive grey print and colour blindness. turbo, tried on NYU rooms, drew
contours that no room has and painted the nearest third dark red."""
ERROR_COLORMAP = "Blues"
"""White where the prediction is right, and a hue that depth maps do not have."""
HOLE_GREY = 160
"""A neutral grey lies on neither colour map."""
TABLES = Path(__file__).with_name("colormaps.npz")
"""256 RGB colours per map, copied from matplotlib, which takes long to import."""

_STEPS_PER_METRE = 10
_EMPTY_RANGE_M = (0.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What a colour bar shows.

    Attributes:
        label: The quantity with its unit.
        low: Value of the first colour.
        high: Value of the last colour.
        colormap: Name of the colour map.
        below: Whether some pixels lie below ``low``; they have its colour.
        above: Whether some pixels lie above ``high``; they have its colour.
    """

    label: str
    low: float
    high: float
    colormap: str
    below: bool
    above: bool


def scale_of(
    label: str, values: Sequence[Float[np.ndarray, "..."]], low: float, high: float, colormap: str
) -> Scale:
    """The scale from ``low`` to ``high``; ``values`` may hold empty arrays."""
    return Scale(
        label=label,
        low=low,
        high=high,
        colormap=colormap,
        below=any((part < low).any() for part in values),
        above=any((part > high).any() for part in values),
    )


def colourise(
    depth_m: Float[np.ndarray, "h w"],
    low_m: float,
    high_m: float,
    *,
    colormap: str = DEPTH_COLORMAP,
) -> UInt8[np.ndarray, "h w 3"]:
    """Paint a depth map; holes (0, negative, non-finite) are grey.

    Args:
        depth_m: Depth, metres.
        low_m: Depth of the first colour, metres; nearer pixels get the same colour.
        high_m: Depth of the last colour, metres, above ``low_m``.
        colormap: A name in ``TABLES``.

    Returns:
        RGB, 0 to 255.

    Raises:
        ConfigError: The range is empty or not finite, or the colour map is unknown.

    Example:
        >>> colourise(np.array([[1.0, 0.0]]), 1.0, 5.0)[0, 1].tolist()
        [160, 160, 160]
    """
    return paint(depth_m, has_depth(depth_m), low_m, high_m, colormap)


def has_depth(depth_m: Float[np.ndarray, "*shape"]) -> Bool[np.ndarray, "*shape"]:
    """True where a depth in metres is finite and above 0."""
    valid: Bool[np.ndarray, "*shape"] = np.isfinite(depth_m) & (depth_m > 0)
    return valid


def depth_range(
    *depths_m: Float[np.ndarray, "..."], tail_percent: float = 1.0
) -> tuple[float, float]:
    """One robust range for several depth maps, rounded outward to 0.1 m.

    Args:
        depths_m: Depth maps of any shape, metres; holes are ignored.
        tail_percent: Share of the valid pixels, in percent, that may lie beyond either end.

    Returns:
        Low and high, metres, with ``low < high``. A flat depth gets 0.1 m on either side;
        without a valid pixel the range is 0 to 10 m.

    Example:
        >>> depth_range(np.array([[1.23, 0.0], [2.0, np.nan]]), tail_percent=0.0)
        (1.2, 2.0)
    """
    values = np.concatenate([depth[has_depth(depth)] for depth in depths_m] or [np.empty(0)])
    if values.size == 0:
        return _EMPTY_RANGE_M
    low, high = percentiles(values, (tail_percent, 100.0 - tail_percent))
    low_m = round_outward(low, down=True)
    high_m = round_outward(high)
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
    """Colour every valid value by a colour map; the other pixels are grey.

    Unlike in ``colourise``, a valid value may be 0, because an error may be.

    Raises:
        ConfigError: The range is empty or not finite, or the colour map is unknown.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ConfigError(f"colour range is {low} to {high}; expected low < high, both finite")
    table = colour_table(colormap)
    unit = (np.where(valid, values, low) - low) / (high - low)
    shade = np.rint(np.clip(unit, 0.0, 1.0) * (len(table) - 1)).astype(np.uint8)
    painted: UInt8[np.ndarray, "h w 3"] = table[shade]
    painted[~valid] = HOLE_GREY
    return painted


def colour_table(name: str) -> UInt8[np.ndarray, "256 3"]:
    """The RGB colours of a colour map.

    Raises:
        ConfigError: The name is unknown.
    """
    tables = _tables()
    if name not in tables:
        raise ConfigError(f"no colour map is called {name!r}; choose among {', '.join(tables)}")
    return tables[name]


@cache
def _tables() -> dict[str, UInt8[np.ndarray, "256 3"]]:
    with np.load(TABLES) as archive:
        return dict(archive)
