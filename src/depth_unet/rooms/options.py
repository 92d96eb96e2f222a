"""What a set of rooms is: how many images, of what size, from which seed."""

import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, fields

from depth_unet.errors import ConfigError
from depth_unet.rooms.scene import Furniture, Share

LARGEST_SIDE = 4096
MOST_IMAGES = 1_000_000
MOST_SAMPLES = 1024
NARROWEST_DEG, WIDEST_DEG = 20.0, 120.0
FURNITURE = ("cc0", "full", "boxes")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomsOptions:
    """What decides the content of every file; the number of processes does not.

    Attributes:
        num_images: Photos with depth, of all rooms together.
        width: Columns of an image, pixels.
        height: Rows of an image, pixels.
        seed: The same seed gives the same rooms; a larger set begins with the smaller one.
        views: Images of a room, each from a place of its own.
        samples: Light paths per pixel; more are slower and less noisy.
        test_share: Share of rooms in the official test part, 0 to 1. They have no texture and no
            furniture model in common with the others.
        fov_deg: Narrowest and widest horizontal field of view, degrees, drawn per room; None
            takes the camera of NYU's Kinect.
        walk: Frames of one walk through a room, as a hand-held video; 0 takes ``views`` instead.
        furniture: Models that ship with the package, the full pack, or boxes without any model.
        kaggle: Write the layout of NYU on Kaggle instead of the pairs layout.
    """

    num_images: int = 1000
    width: int = 320
    height: int = 240
    seed: int = 0
    views: int = 2
    samples: int = 4
    test_share: float = 0.1
    fov_deg: tuple[float, float] | None = None
    walk: int = 0
    furniture: Furniture = "cc0"
    kaggle: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (
            ("num_images", 1, MOST_IMAGES),
            ("width", 16, LARGEST_SIDE),
            ("height", 16, LARGEST_SIDE),
            ("seed", 0, 2**63 - 1),
            ("views", 1, MOST_IMAGES),
            ("samples", 1, MOST_SAMPLES),
            ("test_share", 0, 1),
            ("walk", 0, MOST_IMAGES),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                label = name.removeprefix("num_").replace("_", "-")
                raise ConfigError(f"{label} is {value}; give a value from {low} to {high}")
        if self.furniture not in FURNITURE:
            raise ConfigError(f"furniture is {self.furniture!r}; choose {', '.join(FURNITURE)}")
        if self.fov_deg is not None:
            self._check_fov(*self.fov_deg)

    def _check_fov(self, low_deg: float, high_deg: float) -> None:
        if not NARROWEST_DEG <= low_deg <= high_deg <= WIDEST_DEG:
            raise ConfigError(
                f"fov is {low_deg:g} to {high_deg:g} degrees; give two ascending angles from "
                f"{NARROWEST_DEG:g} to {WIDEST_DEG:g}"
            )
        if self.kaggle:
            raise ConfigError(
                "the Kaggle layout has no place for a camera of its own; leave out fov or kaggle"
            )

    @property
    def frames_per_room(self) -> int:
        """Images of each room but the last, which may have fewer."""
        return self.walk or self.views

    @property
    def num_rooms(self) -> int:
        """Rooms that the images need."""
        return -(-self.num_images // self.frames_per_room)

    def rooms(self) -> Iterator["RoomPlan"]:
        """The units of work."""
        for number in range(self.num_rooms):
            num_frames = min(self.frames_per_room, self.num_images - number * self.frames_per_room)
            is_test = self._tests_before(number + 1) > self._tests_before(number)
            yield RoomPlan(
                options=self,
                number=number,
                num_frames=num_frames,
                share="test" if is_test else "train",
                first_test_image=self._tests_before(number) * self.frames_per_room,
            )

    def _tests_before(self, number: int) -> int:
        """Test rooms among the first ``number``: spread evenly, whatever comes later."""
        return math.floor(number * self.test_share + 0.5)

    def command(self) -> str:
        """The command that makes the set, with OUT for its folder."""
        words = ["depth-unet", "rooms", "OUT", "--images", str(self.num_images)]
        words += ["--size", f"{self.width}x{self.height}"]
        for name in ("seed", "views", "samples", "test_share", "walk", "furniture"):
            if name == ("views" if self.walk else "walk"):
                continue
            words += [f"--{name.replace('_', '-')}", str(getattr(self, name))]
        if self.fov_deg is not None:
            words += ["--fov", *(f"{angle_deg:g}" for angle_deg in self.fov_deg)]
        return shlex.join([*words, *(["--kaggle"] if self.kaggle else [])])

    def content(self) -> dict[str, object]:
        """What one room depends on: every option but the number of images, as JSON keeps them."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        del values["num_images"]
        values["views"] = self.frames_per_room
        values["fov_deg"] = list(self.fov_deg) if self.fov_deg is not None else None
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomPlan:
    """One unit of work: a room and how many images of it are wanted.

    Attributes:
        options: What holds for all rooms.
        number: Counts the rooms of a set from 0.
        num_frames: Images that are wanted of it.
        share: The part of the set that it belongs to.
        first_test_image: Number of the first image of this room among the test images, if it is
            a test room.
    """

    options: RoomsOptions
    number: int
    num_frames: int
    share: Share
    first_test_image: int
