"""One depth map in colour, alone or beside its photo, above a colour bar in metres."""

import sys
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from PIL import Image, ImageDraw

from depth_unet.arrays import Float, UInt8
from depth_unet.errors import ConfigError
from depth_unet.figures.colour import (
    DEPTH_COLORMAP,
    colourise,
    depth_range,
    has_depth,
    scale_of,
)
from depth_unet.figures.legend import INK, Font, depth_legend, text_font, text_size

_LONGEST_SIDE = 1280
_NARROWEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """How depth is coloured.

    Attributes:
        range_m: Depth of the first and the last colour, metres; None: each map's own range.
        colormap: Name of a colour map, first colour for the nearest depth.
    """

    range_m: tuple[float, float] | None = None
    colormap: str = DEPTH_COLORMAP


OWN_RANGE = Colours()


def depth_picture(
    depth_m: Float[np.ndarray, "h w"],
    title: str,
    colours: Colours = OWN_RANGE,
    photo: UInt8[np.ndarray, "h w 3"] | None = None,
) -> Image.Image:
    """Draw a depth map between a heading and a colour bar.

    Args:
        depth_m: Depth, metres; holes are drawn grey.
        title: One line under the picture, such as the photo's name.
        colours: Range and colour map.
        photo: RGB, 0 to 255, drawn at the left of the depth map.

    Returns:
        An RGB image. Maps with a side above 1280 pixels are drawn from evenly spaced pixels; small
        maps are enlarged by a whole factor.
    """
    step = -(-max(depth_m.shape) // _LONGEST_SIDE)
    shown_m = depth_m[::step, ::step]
    low_m, high_m = colours.range_m or depth_range(shown_m)
    pictures = {"predicted depth": colourise(shown_m, low_m, high_m, colormap=colours.colormap)}
    if photo is not None:
        pictures = {"photo": photo[::step, ::step], **pictures}
    factor = max(1, _LONGEST_SIDE // max(shown_m.shape[0], len(pictures) * shown_m.shape[1]))
    height, width = (factor * side for side in shown_m.shape)
    column = max(width, _NARROWEST)
    size = text_size(len(pictures) * column)
    inner = len(pictures) * (column + size) - size
    valid_m = shown_m[has_depth(shown_m)]
    scale = scale_of("depth (m)", [valid_m], low_m, high_m, colours.colormap)
    legend = Image.fromarray(depth_legend(inner, scale))
    page = Image.new("RGB", (inner + 2 * size, 4 * size + height + legend.height), "white")
    draw, font = ImageDraw.Draw(page), text_font(size)
    for index, (heading, pixels) in enumerate(pictures.items()):
        left = size + index * (column + size)
        draw.text((left + column / 2, size), heading, INK, font, anchor="mm")
        large = Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)
        page.paste(large, (left + (column - width) // 2, 2 * size))
    draw.text((size, height + 3 * size), _shorten(title, font, inner), INK, font, anchor="lm")
    page.paste(legend, (size, page.height - legend.height))
    return page


def show_picture(picture: Image.Image) -> None:
    """Show a picture: in a notebook below the cell, elsewhere in the system's viewer.

    Raises:
        ConfigError: The system has no viewer that Pillow knows.
    """
    ipython = sys.modules.get("IPython")
    if ipython is not None and hasattr(ipython.get_ipython(), "kernel"):  # not in a terminal
        import_module("IPython.display").display(picture)
        return
    from PIL import ImageShow  # noqa: PLC0415  # imports IPython

    if not ImageShow.show(picture):
        raise ConfigError("there is no program to show pictures; save it with picture().save(PATH)")


def _shorten(text: str, font: Font, width_px: int) -> str:
    """Printable text of at most this width; the middle of longer text is cut out."""
    text = "".join(character if character.isprintable() else "?" for character in text)
    keep, short = len(text), text
    while keep > 1 and font.getlength(short) > width_px:
        keep -= 1
        short = f"{text[: keep // 2]}…{text[len(text) - (keep - keep // 2) :]}"
    return short
