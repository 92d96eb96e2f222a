"""The size of an image as text: WIDTHxHEIGHT."""

import re

from depth_unet.errors import ConfigError

LEAST_SIDE, LARGEST_SIDE = 16, 4096


def parse_size(text: str) -> tuple[int, int]:
    """Width and height of a text like 160x120, pixels.

    Raises:
        ConfigError: It is not of that form, or out of range.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text.strip().lower())
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(LEAST_SIDE <= side <= LARGEST_SIDE for side in sides):
        raise ConfigError(
            f"--size is {text!r}; write WIDTHxHEIGHT in pixels, such as 160x120, "
            f"each {LEAST_SIDE} to {LARGEST_SIDE}"
        )
    return sides
