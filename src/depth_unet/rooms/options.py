"""What a set of rooms is: how many images, of what size, from which seed."""

import math
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from depth_unet.errors import ConfigError
from depth_unet.images.size import parse_size

Furniture = Literal["cc0", "boxes"] | Path
"""The models that ship with the package, none at all, or the folder of a furniture pack."""
Share = Literal["train", "test"]
"""Training rooms and test rooms share no texture and no furniture model."""
MOST_IMAGES = 1_000_000
NARROWEST_DEG, WIDEST_DEG = 20.0, 120.0
RANGES = {
    "images": (1, MOST_IMAGES),
    "seed": (0, 2**63 - 1),
    "views": (1, MOST_IMAGES),
    "samples": (1, 1024),
    "test_share": (0, 1),
    "walk": (0, MOST_IMAGES),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomsOptions:
    """What decides the content of every file; the number of processes does not.

    The command line takes its options and their help from here.
    """

    images: int = 1000
    """Images of all rooms together. A larger set begins with the smaller one and keeps its files.
    """
    size: str = "320x240"
    """WIDTHxHEIGHT of an image in pixels."""
    seed: int = 0
    """The same seed gives the same rooms."""
    views: int = 2
    """Images per room, each from another place."""
    samples: int = 4
    """Light paths per pixel: 2 is faster, 4 is less noisy."""
    test_share: float = 0.1
    """Share of rooms in the official test split; they share no texture and no furniture model with
    the training rooms."""
    fov: tuple[float, float] | None = None
    """Narrowest and widest horizontal field of view in degrees, drawn per room; none: the camera of
    NYU."""
    walk: int = 0
    """Frames of one hand-held walk through each room; replaces --views."""
    furniture: Furniture = "cc0"
    """cc0: the models that ship with the package; boxes: simple shapes only; or the folder of a
    furniture pack (docs/furniture_pack.md)."""
    kaggle: bool = False
    """Write the layout of NYU on Kaggle, with 8-bit training depth, instead of the pairs layout."""

    def __post_init__(self) -> None:
        parse_size(self.size)
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                label = name.replace("_", "-")
                raise ConfigError(f"{label} is {value}; give a value from {low} to {high}")
        if self.fov is None:
            return
        low_deg, high_deg = self.fov
        if not NARROWEST_DEG <= low_deg <= high_deg <= WIDEST_DEG:
            raise ConfigError(
                f"fov is {low_deg:g} to {high_deg:g} degrees; give two ascending angles from "
                f"{NARROWEST_DEG:g} to {WIDEST_DEG:g}"
            )
        if self.kaggle:
            raise ConfigError(
                "the Kaggle layout cannot store intrinsics; leave out --fov or --kaggle"
            )

    @property
    def width(self) -> int:
        """Columns of an image."""
        return parse_size(self.size)[0]

    @property
    def height(self) -> int:
        """Rows of an image."""
        return parse_size(self.size)[1]

    @property
    def frames_per_room(self) -> int:
        """Images of each room but the last, which may have fewer."""
        return self.walk or self.views

    @property
    def num_rooms(self) -> int:
        """Rooms that the images need."""
        return -(-self.images // self.frames_per_room)

    def rooms(self) -> Iterator["RoomPlan"]:
        """The rooms of the set in order; test rooms are spread evenly."""
        for number in range(self.num_rooms):
            first_test = self._num_test_rooms(number)
            yield RoomPlan(
                options=self,
                number=number,
                num_frames=min(self.frames_per_room, self.images - number * self.frames_per_room),
                share="test" if self._num_test_rooms(number + 1) > first_test else "train",
                first_test_image=first_test * self.frames_per_room,
            )

    def _num_test_rooms(self, number: int) -> int:
        """Test rooms among the first ``number`` rooms."""
        return math.floor(number * self.test_share + 0.5)

    def command(self) -> str:
        """The command that makes the set, with OUT for its folder."""
        words = ["depth-unet", "rooms", "OUT"]
        unused = "views" if self.walk else "walk"
        for name, value in asdict(self).items():
            if value is None or value is False or name == unused:
                continue
            words.append(f"--{name.replace('_', '-')}")
            if value is not True:
                words += map(str, value if isinstance(value, tuple) else (value,))
        return shlex.join(words)

    def content(self) -> dict[str, Any]:
        """What one room depends on, as JSON stores it: every option but the number of images."""
        values = asdict(self) | {
            "size": f"{self.width}x{self.height}",
            "views": self.frames_per_room,
            "fov": self.fov and [*self.fov],
        }
        if isinstance(self.furniture, Path):
            values["furniture"] = "full"  # A pack may move to another folder.
        del values["images"]
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomPlan:
    """One room to make.

    Attributes:
        options: The options of the set.
        number: Counts the rooms of the set from 0.
        num_frames: Images to make.
        share: The split that it belongs to.
        first_test_image: Number of its first image among the test images, if it is a test room.
    """

    options: RoomsOptions
    number: int
    num_frames: int
    share: Share
    first_test_image: int
