"""Lines on a photo with their lengths."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from depth_unet.arrays import UInt8
from depth_unet.figures.legend import text_font, text_size

LINE, OUTLINE = "#ffd400", "#111111"
Place = tuple[int, int]


def draw_lengths(
    photo: UInt8[np.ndarray, "h w 3"], lines: Sequence[tuple[Place, Place, str]]
) -> Image.Image:
    """Draw lines, and a text at the middle of each.

    Args:
        photo: RGB, 0 to 255.
        lines: Column and row of both ends, and the text.

    Returns:
        An RGB image of the photo's size.
    """
    picture = Image.fromarray(photo)
    draw, size = ImageDraw.Draw(picture), text_size(picture.width)
    thin = max(1, size // 6)
    for start, stop, _ in lines:
        for colour, width in ((OUTLINE, 3 * thin), (LINE, thin)):
            draw.line((*start, *stop), colour, width)
        for x, y in (start, stop):
            box = (x - 2 * thin, y - 2 * thin, x + 2 * thin, y + 2 * thin)
            draw.ellipse(box, LINE, OUTLINE, thin)
    for start, stop, text in lines:  # above all lines
        _draw_label(draw, start, stop, text, picture.size)
    return picture


def _draw_label(
    draw: ImageDraw.ImageDraw, start: Place, stop: Place, text: str, size: tuple[int, int]
) -> None:
    """Write a text on a dark box beside the middle of a line, moved so that the photo holds it."""
    height = text_size(size[0])
    font, pad = text_font(height), height // 3
    left, top, right, bottom = draw.textbbox((0, 0), text, font)
    box = right - left + 2 * pad, bottom - top + 2 * pad
    slope = [abs(a - b) for a, b in zip(start, stop, strict=True)]
    along = 0 if slope[0] >= slope[1] else 1  # below a flat line, to the right of a steep one
    covered = min(box[along], slope[along]) / 2 * slope[1 - along] / max(slope[along], 1)
    middle = [(a + b) / 2 for a, b in zip(start, stop, strict=True)]
    middle[1 - along] += box[1 - along] / 2 + pad + covered
    corner = [
        max(0.0, min(place - side / 2, whole - side))
        for place, side, whole in zip(middle, box, size, strict=True)
    ]
    draw.rectangle((*corner, corner[0] + box[0], corner[1] + box[1]), OUTLINE)
    draw.text((corner[0] + pad - left, corner[1] + pad - top), text, LINE, font)
