"""What ``predict`` works with, for photos and videos alike, and what became of them."""

from dataclasses import dataclass, field

from depth_unet.cli.predict.lens import Lens
from depth_unet.errors import DataError
from depth_unet.figures.picture import OWN_RANGE, Colours
from depth_unet.predict.model import DepthModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How photos and videos are predicted.

    Attributes:
        model: The network.
        lens: The camera of each.
        colours: How depth is coloured.
        stabilise: Whether the depth of videos is steadied over time.
    """

    model: DepthModel
    lens: Lens
    colours: Colours = OWN_RANGE
    stabilise: bool = True


@dataclass(kw_only=True)
class Outcome:
    """What became of the photos and videos."""

    written: int = 0
    assumed: int = 0
    failures: list[DataError] = field(default_factory=list)
