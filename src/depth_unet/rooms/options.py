"""The options of a set of rooms, and the plan of each room."""

import math
import re
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from depth_unet.errors import ConfigError
from depth_unet.images.size import parse_size

Furniture = Literal["cc0", "boxes"] | Path
"""Models that ship with the package, simple shapes, or the folder of a furniture pack."""
Split = Literal["train", "test"]
"""Rooms of different splits have no texture and no furniture model in common."""
MOST_IMAGES = 1_000_000
WHOLE = "1/1"
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
    """The options that decide the content of every file.

    The command line takes its options and their help from here.
    """

    images: int = 1000
    """Total number of images. A larger set begins with the smaller one and keeps its files."""
    size: str = "320x240"
    """WIDTHxHEIGHT of an image in pixels."""
    seed: int = 0
    """The same seed gives the same rooms."""
    views: int = 2
    """Images per room, each from a different position."""
    samples: int = 4
    """Light paths per pixel: 2 is faster, 4 is less noisy."""
    test_share: float = 0.1
    """Share of rooms in the official test split. They have no texture and no furniture model in
    common with the training rooms."""
    fov: tuple[float, float] | None = None
    """Narrowest and widest horizontal field of view in degrees, drawn per room; none: the camera of
    NYU."""
    walk: int = 0
    """Frames of one hand-held walk through each room; replaces --views."""
    furniture: Furniture = "cc0"
    """cc0: the models that ship with the package; boxes: simple shapes only; or the folder of a
    furniture pack (docs/furniture_pack.md)."""
    shard: str = WHOLE
    """I/N: render every N-th room, from the I-th on, so that N machines render one set. `train
    --data` takes the folders of all shards as one set."""
    kaggle: bool = False
    """Write the layout of NYU on Kaggle, with 8-bit training depth, instead of the pairs layout."""

    def __post_init__(self) -> None:
        parse_size(self.size)
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                label = name.replace("_", "-")
                raise ConfigError(f"{label} is {value}; give a value from {low} to {high}")
        room_numbers(self.shard, self.num_rooms)
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
        """Images per room; the last room may have fewer."""
        return self.walk or self.views

    @property
    def num_rooms(self) -> int:
        """Number of rooms of the whole set."""
        return -(-self.images // self.frames_per_room)

    def rooms(self) -> Iterator["RoomPlan"]:
        """Yield the rooms of the shard in order; test rooms are spread evenly over the set."""
        for number in room_numbers(self.shard, self.num_rooms):
            first_test = self._num_test_rooms(number)
            yield RoomPlan(
                options=self,
                number=number,
                num_frames=min(self.frames_per_room, self.images - number * self.frames_per_room),
                split="test" if self._num_test_rooms(number + 1) > first_test else "train",
                first_test_image=first_test * self.frames_per_room,
            )

    def _num_test_rooms(self, number: int) -> int:
        """Number of test rooms among the first ``number`` rooms."""
        return math.floor(number * self.test_share + 0.5)

    def command(self) -> str:
        """The command that makes the set, with OUT for its folder."""
        words = ["depth-unet", "rooms", "OUT"]
        unused = {"views" if self.walk else "walk", *(["shard"] if self.shard == WHOLE else [])}
        for name, value in asdict(self).items():
            if value is None or value is False or name in unused:
                continue
            words.append(f"--{name.replace('_', '-')}")
            if value is not True:
                words += map(str, value if isinstance(value, tuple) else (value,))
        return shlex.join(words)

    def content(self) -> dict[str, Any]:
        """The options that one room depends on, as JSON values: not images and shard."""
        values = asdict(self) | {
            "size": f"{self.width}x{self.height}",
            "views": self.frames_per_room,
            "fov": self.fov and [*self.fov],
        }
        if isinstance(self.furniture, Path):
            values["furniture"] = "full"  # A pack may move to another folder.
        del values["images"], values["shard"]
        return values


def room_numbers(shard: str, num_rooms: int) -> range:
    """The numbers of the rooms of a shard.

    Args:
        shard: ``I/N``, from ``1/N`` to ``N/N``.
        num_rooms: Number of rooms of the whole set.

    Raises:
        ConfigError: The text has another form, or the shard has no rooms.
    """
    found = re.fullmatch(r"(\d{1,7})/(\d{1,7})", shard)
    index, count = (int(number) for number in found.groups()) if found else (0, 0)
    if not 1 <= index <= count <= num_rooms:
        raise ConfigError(
            f"shard is {shard!r}; give I/N with I from 1 to N, such as 2/8, and N no more than the "
            f"{num_rooms} rooms of the set"
        )
    return range(index - 1, num_rooms, count)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomPlan:
    """The plan of one room.

    Attributes:
        options: The options of the set.
        number: Number of the room in the set, from 0.
        num_frames: Number of images.
        split: Its official split.
        first_test_image: For a test room, the number of its first image among all test images.
    """

    options: RoomsOptions
    number: int
    num_frames: int
    split: Split
    first_test_image: int
