"""Options of ``measure``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from depth_unet.cli.arguments.kinds import Switch, operand, option
from depth_unet.cli.arguments.predict import PhotoArguments


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureArguments(PhotoArguments):
    """Measure the distance between points of a photo, in metres."""

    photo: Annotated[str, tyro.conf.Positional, operand("PHOTO")]
    """The photo, or its URL (http or https)."""
    points: Annotated[tuple[str, ...], tyro.conf.Positional, operand("X,Y X,Y...")]
    """Points in whole pixels of the upright photo, two for each distance. 0,0 is the pixel at the
    upper left."""
    json: Switch = False
    """Print JSON."""
    out: Annotated[Path | None, option("FILE", short="-o")] = None
    """Picture to write: the photo with the lines and their lengths, PNG."""
