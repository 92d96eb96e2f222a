"""A survey describes a data set and finds its mistakes."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.info import DatasetInfo
from depth_unet.data.layout import PairRow
from depth_unet.data.source import Frame, PairsSource, Source
from depth_unet.data.survey import survey
from depth_unet.errors import DataError
from examples.box_rooms import write_box_rooms

HEIGHT, WIDTH = 24, 32


class Frames(Source):
    """Frames in memory, changed by a function of their number."""

    def __init__(
        self,
        num: int = 8,
        change: Callable[[int, Frame], Frame] = lambda _, frame: frame,
        info: DatasetInfo | None = None,
        rows: list[PairRow] | None = None,
    ) -> None:
        self.root = Path("memory")
        self.info = info or DatasetInfo(name="memory")
        self.rows = rows or [
            PairRow(
                rgb=f"{number}.png",
                depth=f"{number}_depth.png",
                official_split="test" if number == num - 1 else "train",
                room_group=f"room {number // 2 if number < num - 1 else 'tested'}",
            )
            for number in range(num)
        ]
        self.change = change

    def read(self, index: int) -> Frame:
        """A random photo with smooth depth from 1 to 4 m."""
        random = np.random.default_rng(index)
        depth_mm = np.linspace(1000, 4000, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
        frame = Frame(
            image=random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8),
            depth_mm=depth_mm.astype(np.uint16),
            intrinsics=Intrinsics.centred(WIDTH, HEIGHT, WIDTH),
        )
        return self.change(index, frame)


def scaled(factor: float) -> Callable[[int, Frame], Frame]:
    """Depth in another unit."""
    return lambda _, frame: replace(
        frame, depth_mm=np.rint(frame.depth_mm * factor).astype(np.uint16)
    )


def framed(_: int, frame: Frame) -> Frame:
    """A white frame of two pixels."""
    image = np.full_like(frame.image, 255)
    image[2:-2, 2:-2] = frame.image[2:-2, 2:-2]
    return replace(frame, image=image)


def stepped(_: int, frame: Frame) -> Frame:
    """Depth in steps of 8 bits."""
    steps = np.rint(frame.depth_mm / 10_000 * 255) * (10_000 / 255)
    return replace(frame, depth_mm=steps.astype(np.uint16))


def test_a_sound_data_set() -> None:
    """A sound data set: counts, sizes and depth are right, and no mistake is reported."""
    found = survey(Frames())
    assert (found.num_pairs, found.num_read, found.bad, found.mistakes) == (8, 8, [], [])
    assert found.splits == {"train": 7, "test": 1}
    assert found.rooms == {"test": 1, "train": 4}
    assert found.sizes == {(WIDTH, HEIGHT): 8}
    assert found.median_m == pytest.approx(2.5, abs=0.01)
    assert sum(found.histogram) == pytest.approx(1)
    assert found.histogram[2:6] == pytest.approx((1 / 6, 1 / 6, 1 / 3, 1 / 3), abs=0.01)
    assert found.invalid == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (scaled(1 / 10), "in another unit, such as cm, 1/256 m;"),
        (scaled(0.256), "in another unit, such as cm, 1/256 m;"),
        (scaled(1 / 255), "depth seems to be in another unit; correct depth_unit"),
        (scaled(1 / 1000), "in another unit, such as m;"),
        (scaled(4), "such as 1/4000 m, 1/5000 m, 1/8000 m, 0.1 mm;"),
        (scaled(8), "such as 1/4000 m, 1/5000 m, 1/8000 m, 0.1 mm;"),
        (framed, "have a white frame, and border_px is 0"),
        (stepped, "8-bit depth"),
        (
            lambda _, frame: replace(frame, depth_mm=frame.depth_mm * (frame.depth_mm > 3500)),
            "have no valid depth",
        ),
    ],
)
def test_mistakes_are_named(change: Callable[[int, Frame], Frame], message: str) -> None:
    """Each mistake gives one line with a remedy."""
    found = survey(Frames(change=change))
    assert any(message in mistake for mistake in found.mistakes), found.mistakes
    assert not any("\n" in mistake for mistake in found.mistakes)


def test_a_border_that_is_known_is_no_mistake() -> None:
    """A white frame is no mistake if depth in it is invalid."""
    info = DatasetInfo(name="memory", border_px=2)
    assert not survey(Frames(change=framed, info=info)).mistakes


def test_rooms_and_photos_on_both_sides() -> None:
    """A room with training and test frames, and a photo in both parts, are reported."""

    def same(index: int, frame: Frame) -> Frame:
        return replace(frame, image=Frames().read(0).image) if index == 7 else frame

    rows = [replace(row, room_group="room") for row in Frames().rows]
    found = survey(Frames(change=same, rows=rows))
    assert found.shared_rooms == ("room",)
    assert found.duplicates == [("0.png", "7.png")]
    assert "1 rooms have both training and test frames" in found.mistakes[0]
    assert "1 photos are in the training and in the test part" in found.mistakes[1]


def test_rooms_without_names() -> None:
    """Without room names, the survey says that no rooms can be held out."""
    rows = [replace(row, room_group="") for row in Frames().rows]
    assert survey(Frames(rows=rows)).mistakes[0].startswith("rooms have no names")


def test_bad_pairs_do_not_end_it() -> None:
    """Each bad pair gives one error, the others are described; a sample can be read."""

    def damaged(index: int, frame: Frame) -> Frame:
        if index % 2:
            raise DataError(f"{index} is damaged")
        return frame

    found = survey(Frames(change=damaged))
    assert [str(error) for error in found.bad] == [f"{n} is damaged" for n in (1, 3, 5, 7)]
    assert found.num_read == 4
    assert survey(Frames(), most=3).num_read == 3

    def lost(index: int, _: Frame) -> Frame:
        raise DataError(f"{index} is damaged")

    assert len(survey(Frames(change=lost)).bad) == 8


@pytest.mark.filterwarnings("ignore:.*states no camera")
@pytest.mark.parametrize(
    ("unit", "words"), [(1.0, "seems to be in another unit"), (1e-6, "such as mm;")]
)
def test_wrong_unit_of_a_folder(unit: float, words: str, tmp_path: Path) -> None:
    """Millimetres declared as metres or as micrometres are reported."""
    root = write_box_rooms(tmp_path / "rooms", rooms=2, frames=2, test_rooms=0)
    (root / "dataset.json").write_text(json.dumps({"depth_unit": unit}))
    mistakes = survey(PairsSource(root)).mistakes
    assert any(words in mistake for mistake in mistakes), mistakes


def test_photos_in_several_rooms() -> None:
    """A copy of a room under another name would be seen before it is held out."""

    def copied(number: int, frame: Frame) -> Frame:
        return replace(frame, image=Frames().read(0).image) if number == 4 else frame

    (mistake,) = survey(Frames(change=copied)).mistakes
    assert mistake.startswith("1 photos are in several rooms, such as room 0 and room 2: held-out")
    same = [replace(row, room_group="room 0") for row in Frames().rows[:-1]]
    assert not survey(Frames(7, copied, rows=same)).mistakes
