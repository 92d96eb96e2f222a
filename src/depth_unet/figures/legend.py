"""A colour bar drawn with Pillow, because matplotlib takes long to import."""

import math
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from depth_unet.arrays import UInt8
from depth_unet.figures.colour import Scale, colour_table

NARROWEST_PX = 200
INK = "#222222"
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def depth_legend(width: int, scale: Scale) -> UInt8[np.ndarray, "h {width} 3"]:
    """Draw a colour bar with numbers and a label.

    Args:
        width: Columns, pixels.
        scale: What it shows; an end is pointed if pixels lie beyond it.

    Returns:
        RGB with an even number of rows; no rows if the strip would be too narrow to read.
    """
    if width < NARROWEST_PX:
        return np.empty((0, width, 3), np.uint8)
    size = text_size(width)
    strip = Image.new("RGB", (width, 2 * round(2.1 * size)), "white")
    draw, font = ImageDraw.Draw(strip), text_font(size)
    top, bottom, left, right = size // 2, 3 * size // 2, 2 * size, width - 2 * size
    table = colour_table(scale.colormap)
    shades = np.linspace(0, len(table) - 1, right - left).round().astype(int)
    strip.paste(Image.fromarray(np.tile(table[shades], (bottom - top, 1, 1))), (left, top))
    draw.rectangle((left, top, right, bottom), outline=INK)
    for end, tip, is_open, colour in (
        (left, left - size, scale.below, table[0]),
        (right, right + size, scale.above, table[-1]),
    ):
        if is_open:
            corners = ((end, top), (end, bottom), (tip, (top + bottom) // 2))
            draw.polygon(corners, tuple(colour.tolist()), INK)
    for value, text in _ticks(scale.low, scale.high, (right - left) / (4 * size)):
        x = left + (value - scale.low) / (scale.high - scale.low) * (right - left)
        draw.line((x, bottom, x, bottom + size // 4), INK)
        draw.text((x, bottom + 0.4 * size), text, INK, font, anchor="mt")
    draw.text((width / 2, strip.height - 0.3 * size), scale.label, INK, font, anchor="ms")
    return np.asarray(strip)


def text_size(width: int) -> int:
    """Height of text in pixels, for a picture of some width."""
    return max(12, width // 64)


def text_font(size: int) -> Font:
    """DejaVu Sans, which comes with matplotlib, or else Pillow's own font (ASCII only)."""
    found = find_spec("matplotlib")
    folder = Path(found.origin).parent if found and found.origin else Path()
    try:
        return ImageFont.truetype(folder / "mpl-data/fonts/ttf/DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)


def _ticks(low: float, high: float, most: float) -> Iterator[tuple[float, str]]:
    """At most ``most`` round values, with their text."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    decimals = max(0, -math.floor(math.log10(step * (1 + 1e-9))))
    for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        yield number * step, f"{number * step:.{decimals}f}"
