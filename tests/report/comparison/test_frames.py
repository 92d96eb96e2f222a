"""Frames that are fair to all runs: no run was trained on them or their rooms."""

import pytest

from depth_unet.data.layout import PairRow
from depth_unet.data.splits import Splits, split_rooms
from depth_unet.errors import DataError
from depth_unet.report.comparison.frames import fair_frames


def row(room: str, number: int, part: str = "") -> PairRow:
    """A frame of a room."""
    name = f"{room}/{number}"
    return PairRow(rgb=f"{name}.jpg", depth=f"{name}.png", room_group=room, official_split=part)


ROWS = [row(room, number) for room in "abcd" for number in range(6)]
ROWS += [row("t", number, "test") for number in range(3)]


def of(room: str) -> tuple[str, ...]:
    """The frames of a room."""
    return tuple(item.rgb for item in ROWS if item.room_group == room)


def test_one_run_twice_loses_nothing() -> None:
    """Runs of one split are judged by all of its unseen frames."""
    splits = Splits(train=of("a")[:5], seen=of("a")[5:], unseen=of("b") + of("c"))
    fair = fair_frames(ROWS, {"one": splits, "two": splits}, "unseen")
    assert fair.indices == tuple(range(6, 18))
    assert (fair.candidates, fair.left_out) == (12, {})
    assert fair.best_chosen == ("one", "two")


def test_what_any_run_was_trained_in_is_left_out() -> None:
    """A frame that one run held back is excluded if another run was trained in its room."""
    one = Splits(train=of("a"), unseen=of("b") + of("c"))
    two = Splits(train=of("b")[:1], unseen=of("c") + of("d"))  # of room b only one frame is listed
    fair = fair_frames(ROWS, {"one": one, "two": two}, "unseen")
    assert [ROWS[index].room_group for index in fair.indices] == ["c"] * 6 + ["d"] * 6
    assert (fair.candidates, fair.left_out) == (18, {"two": 6})
    everything = fair_frames(ROWS, {"one": one, "two": two}, "all")
    assert {ROWS[index].room_group for index in everything.indices} == {"c", "d", "t"}
    assert everything.left_out == {"one": 6, "two": 6}


def test_rooms_without_names_are_not_one_room() -> None:
    """Without room names, a run rules out only its own frames."""
    rows = [PairRow(rgb=f"{n}.jpg", depth=f"{n}.png") for n in range(4)]
    splits = Splits(train=("0.jpg",), unseen=("1.jpg", "2.jpg"))
    assert fair_frames(rows, {"one": splits, "two": splits}, "unseen").indices == (1, 2)


def test_seen_frames_are_held_back_by_every_run() -> None:
    """A seen frame must be of a room that all know, and be trained on by none."""
    one = Splits(train=of("a")[:4], seen=of("a")[4:])
    two = Splits(train=of("a")[:5], seen=of("a")[5:])
    fair = fair_frames(ROWS, {"one": one, "two": two}, "seen")
    assert [ROWS[index].rgb for index in fair.indices] == ["a/5.jpg"]
    assert (fair.candidates, fair.left_out) == (2, {"two": 1})


def test_test_frames_that_a_run_knows_are_left_out() -> None:
    """A run of another split of the data may have been trained on official test frames."""
    clean, leaky = Splits(train=of("a")), Splits(train=of("b"), seen=("t/1.jpg",))
    assert fair_frames(ROWS, {"one": clean, "two": clean}, "test").indices == (24, 25, 26)
    with pytest.raises(
        DataError, match="leaky was trained on 3 of 3, or on other frames of their rooms"
    ):
        fair_frames(ROWS, {"clean": clean, "leaky": leaky}, "test")


def test_no_frame_left_says_why() -> None:
    """One line: which split, which run rules out how many, what to do."""
    one, two = Splits(train=of("a"), unseen=of("b")), Splits(train=of("b"))
    with pytest.raises(DataError) as caught:
        fair_frames(ROWS, {"one": one, "two": two}, "unseen")
    message = str(caught.value)
    assert "split unseen has no frame that is fair to all 2 runs" in message
    assert "one was trained on 0 of 6, or on other frames of their rooms" in message
    assert (
        "two was trained on 6 of 6, or on other frames of their rooms; choose another --split"
        in message
    )
    assert message.isprintable()
    with pytest.raises(DataError, match="no run lists a frame"):
        fair_frames(ROWS, {"one": two, "two": two}, "seen")
    with pytest.raises(DataError, match=r"no row of index\.csv has official_split=test"):
        fair_frames(ROWS[:6], {"one": two, "two": two}, "test")


@pytest.mark.parametrize("seeds", [(0, 1), (0, 2), (3, 4)])
def test_real_splits_of_other_seeds(seeds: tuple[int, int]) -> None:
    """Of runs with different splits only rooms that both hold back remain."""
    rows = [PairRow(rgb=f"{n}/{i}", depth="", room_group=str(n)) for n in range(60) for i in (0, 1)]
    parts = [split_rooms(rows, fraction=1, holdout=0.4, seed=seed) for seed in seeds]
    fair = fair_frames(rows, dict(zip(("one", "two"), parts, strict=True)), "unseen")
    both = set(parts[0].unseen) & set(parts[1].unseen)
    assert {rows[index].rgb for index in fair.indices} == both
    assert len(both) < len(parts[0].unseen)
