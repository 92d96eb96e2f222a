"""Splits by rooms: which frames are trained on, validated on and tested on."""

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from depth_unet.data.layout import PairRow, read_index
from depth_unet.data.splits import Splits, evenly_spaced, find_frames, frames_of, split_rooms
from depth_unet.errors import DataError

PARTS = ("train", "seen", "unseen", "test")


def make_rows(rooms: int = 40, frames: int = 7, tests: int = 3) -> list[PairRow]:
    """Rows of rooms, their frames not side by side, and of test rooms."""
    rows = [
        PairRow(rgb=f"{room}/{frame}.jpg", depth="d.png", room_group=f"room {room}")
        for frame in range(frames)
        for room in range(rooms)
    ]
    rows += [
        PairRow(rgb=f"t{i}.jpg", depth="d.png", official_split="test", room_group=f"test {i}")
        for i in range(tests)
    ]
    return rows


def split(rows: list[PairRow], **changes: Any) -> Splits:
    """The default split, with changes."""
    return split_rooms(rows, **({"fraction": 1.0, "holdout": 0.1, "seed": 0} | changes))


def rooms_of(rows: list[PairRow], names: tuple[str, ...]) -> set[str]:
    """The rooms that these frames show."""
    return {row.room_group for row in rows if row.rgb in names}


@pytest.fixture
def no_warnings() -> Iterator[None]:
    """A warning is a failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("holdout", [0.1, 0.5, "none"])
@pytest.mark.parametrize("fraction", [1.0, 0.5])
def test_rooms_are_on_one_side(seed: int, holdout: float | str, fraction: float) -> None:
    """No frame is in two parts, and no room on both sides of training and unseen or test."""
    rows = make_rows()
    splits = split(rows, seed=seed, holdout=holdout, fraction=fraction)
    parts = [getattr(splits, name) for name in PARTS]
    frames = list(itertools.chain(*parts))
    assert len(frames) == len(set(frames))
    trained = rooms_of(rows, splits.train)
    assert rooms_of(rows, splits.seen) <= trained
    assert not rooms_of(rows, splits.unseen) & trained
    assert not rooms_of(rows, splits.test) & trained


@pytest.mark.parametrize("holdout", [0.1, "none"])
def test_test_is_official_and_nowhere_else(holdout: float | str) -> None:
    """The test part is the official one, whatever else is chosen; no other part has its frames."""
    rows = make_rows()
    splits = split(rows, holdout=holdout)
    assert splits.test == ("t0.jpg", "t1.jpg", "t2.jpg")
    others = {*splits.train, *splits.seen, *splits.unseen}
    assert not others & set(splits.test)
    assert len(others) == 40 * 7


@pytest.mark.filterwarnings("ignore:.*training rooms; with fewer than 8")
def test_test_rooms_stay_out_of_training_rooms() -> None:
    """A room may have test frames and others; only the others can be trained on."""
    rows = [
        PairRow(rgb=f"{i}.jpg", depth="d", room_group="one", official_split="test" * (i % 2))
        for i in range(6)
    ]
    splits = split(rows, holdout="none")
    assert splits.test == ("1.jpg", "3.jpg", "5.jpg")
    assert splits.train == ("0.jpg", "2.jpg", "4.jpg")


@pytest.mark.filterwarnings("ignore:.*training rooms; with fewer than 8")
@pytest.mark.parametrize(("holdout", "rooms"), [(0.1, 4), (0.5, 20), (0.001, 1), (0.99, 39)])
def test_share_of_unseen_rooms(holdout: float, rooms: int) -> None:
    """The share is of rooms, whole ones: at least one is held out, and at least one is not."""
    rows = make_rows()
    splits = split(rows, holdout=holdout)
    unseen = rooms_of(rows, splits.unseen)
    assert len(unseen) == rooms
    assert len(splits.unseen) == 7 * len(unseen)
    assert splits.train


@pytest.mark.filterwarnings("ignore:.*training rooms; with fewer than 8")
def test_every_fifth_frame_is_seen() -> None:
    """Of a training room with at least five frames the 5th, 10th, ... in order are ``seen``."""
    rows = make_rows(rooms=2, frames=11)
    splits = split(rows, holdout=0.5)
    (room,) = {name.split("/")[0] for name in splits.train}
    assert splits.seen == (f"{room}/4.jpg", f"{room}/9.jpg")
    assert len(splits.train) == 9


@pytest.mark.parametrize(("frames", "seen"), [(4, 0), (5, 1), (9, 1), (10, 2)])
def test_small_rooms_are_trained_on_whole(frames: int, seen: int) -> None:
    """A room of fewer than five frames has no ``seen`` frame."""
    splits = split(make_rows(rooms=10, frames=frames))
    assert len(splits.seen) == 9 * seen
    assert len(splits.train) == 9 * (frames - seen)


@pytest.mark.usefixtures("no_warnings")
def test_holdout_none_trains_on_all() -> None:
    """Without a holdout there is neither seen nor unseen, and no warning."""
    splits = split(make_rows(), holdout="none")
    assert splits.seen == splits.unseen == ()
    assert len(splits.train) == 40 * 7


@pytest.mark.filterwarnings("ignore:.*training rooms; with fewer than 8")
@pytest.mark.parametrize("named", [True, False])
def test_one_room_warns_and_trains_on(named: bool) -> None:
    """With one room or no room names, nothing is held out: a warning, and all is trained on."""
    rows = [PairRow(rgb=f"{i}.jpg", depth="d", room_group="one" * named) for i in range(6)]
    with pytest.warns(UserWarning, match="one room") as caught:
        splits = split(rows)
    assert str(caught[0].message) == (
        "the data set has one room (or no room_group column), so no room can be held out; "
        "training on all of it"
    )
    assert len(splits.train) == 6
    assert splits.seen == splits.unseen == ()


def test_only_test_rows_is_refused() -> None:
    """Where every row is a test row, there is nothing to train on."""
    with pytest.raises(DataError, match="nothing is left to train on"):
        split(make_rows(rooms=0))


@pytest.mark.usefixtures("no_warnings")
@pytest.mark.parametrize(("fraction", "rooms"), [(0.25, 9), (0.5, 18), (1.0, 36)])
def test_fraction_is_of_whole_rooms(fraction: float, rooms: int) -> None:
    """The fraction counts training rooms, and each is used whole."""
    rows = make_rows()
    splits = split(rows, fraction=fraction)
    trained = rooms_of(rows, splits.train)
    assert len(trained) == rooms
    assert len(splits.train) + len(splits.seen) == 7 * rooms
    assert splits.unseen == split(rows).unseen


def test_choice_is_that_of_earlier_versions() -> None:
    """A run of an earlier version held out these rooms; who resumes it must not train on them."""
    rows = make_rows(rooms=12, frames=5, tests=0)
    with pytest.warns(UserWarning, match="fraction 0.5 leaves 4 of 9"):
        splits = split(rows, holdout=0.25, fraction=0.5, seed=3)
    assert rooms_of(rows, splits.unseen) == {"room 3", "room 4", "room 5"}
    assert rooms_of(rows, splits.train) == {"room 0", "room 6", "room 10", "room 11"}


def test_fraction_is_reproducible() -> None:
    """The same seed takes the same rooms, another seed others; a larger share holds the smaller."""
    rows = make_rows()
    half = split(rows, fraction=0.5)
    assert half == split(rows, fraction=0.5)
    assert set(split(rows, fraction=0.25).train) < set(half.train)
    assert set(half.train) < set(split(rows).train)
    assert rooms_of(rows, split(rows, fraction=0.5, seed=1).train) != rooms_of(rows, half.train)


def test_order_of_the_index_changes_nothing() -> None:
    """Rooms are chosen by their names alone."""
    rows = make_rows()
    by_room = sorted(rows, key=lambda row: (row.room_group, row.rgb))
    assert split(by_room, fraction=0.5) == split(rows, fraction=0.5)


@pytest.mark.parametrize(("fraction", "left"), [(0.01, 1), (0.05, 2), (0.19, 7)])
def test_few_rooms_warn(fraction: float, left: int) -> None:
    """Fewer than eight rooms: a warning with their number, at least one is kept, and it trains."""
    rows = make_rows()
    with pytest.warns(UserWarning, match=f"leaves {left} of 36 training rooms"):
        splits = split(rows, fraction=fraction)
    assert len(rooms_of(rows, splits.train)) == left


@pytest.mark.parametrize("changes", [{"holdout": 0.9}, {"holdout": 0.9, "fraction": 0.5}])
def test_few_rooms_warn_whatever_left_them(changes: dict[str, float]) -> None:
    """A large holdout leaves few rooms as a small fraction does."""
    with pytest.warns(UserWarning, match=r"of 4 training rooms; with fewer than 8"):
        split(make_rows(), **changes)


@pytest.mark.usefixtures("no_warnings")
def test_eight_rooms_do_not_warn() -> None:
    """Eight rooms are enough."""
    rows = make_rows()
    assert len(rooms_of(rows, split(rows, fraction=0.22).train)) == 8


@pytest.mark.parametrize("seed", range(10))
def test_adding_a_room_moves_few(seed: int) -> None:
    """A new room takes at most one other across each boundary."""
    before, after = make_rows(rooms=40), make_rows(rooms=41)
    old, new = split(before, seed=seed, fraction=0.5), split(after, seed=seed, fraction=0.5)
    known = rooms_of(before, tuple(row.rgb for row in before))
    for part in ("unseen", "train"):
        was = rooms_of(before, getattr(old, part))
        now = rooms_of(after, getattr(new, part)) & known
        assert len(was ^ now) <= (1 if part == "unseen" else 3)


def test_parts_are_not_the_same_rooms() -> None:
    """The choice of unseen rooms and that of the fraction are independent draws."""
    rows = make_rows(rooms=200, frames=1)
    unseen = rooms_of(rows, split(rows, holdout=0.5).unseen)
    half = rooms_of(rows, split(rows, holdout="none", fraction=0.5).train)
    assert 30 < len(unseen & half) < 70


def test_round_trip() -> None:
    """The lists come back from plain values."""
    splits = split(make_rows())
    assert Splits.from_dict(splits.to_dict()) == splits
    assert set(splits.to_dict()) == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_frames_of_finds_the_listed_frames(part: str) -> None:
    """The rows of a part are those whose photo is in its list, in the order of the index."""
    rows = make_rows()
    splits = split(rows)
    indices = frames_of(rows, splits, part)
    assert {rows[index].rgb for index in indices} == set(getattr(splits, part))
    assert indices == sorted(indices)


def test_all_is_every_row() -> None:
    """``all`` needs no list."""
    assert frames_of(make_rows(), Splits(), "all") == list(range(40 * 7 + 3))


@pytest.mark.parametrize(
    ("rows", "splits", "name", "reason"),
    [
        (make_rows(tests=0), Splits(), "test", "no row of index.csv has official_split=test"),
        (make_rows(), Splits(), "unseen", "trained without it"),
        (make_rows(), Splits(seen=("other.jpg",)), "seen", "none of the frames"),
    ],
)
def test_missing_parts_say_why(rows: list[PairRow], splits: Splits, name: str, reason: str) -> None:
    """A split that does not exist here is refused with the reason and a remedy."""
    with pytest.raises(DataError, match=f"split {name} does not exist here: .*{reason}.*; choose"):
        frames_of(rows, splits, name)
    assert not find_frames(rows, splits, name)


def test_present_parts_are_there() -> None:
    """Every part of the default split has frames."""
    rows = make_rows()
    assert all(find_frames(rows, split(rows), part) for part in (*PARTS, "all"))
    assert not find_frames([], Splits(), "all")


def test_evenly() -> None:
    """At most so many, evenly spaced, first and last among them, none twice."""
    assert evenly_spaced(range(5), 9) == [0, 1, 2, 3, 4]
    assert evenly_spaced(range(9), 3) == [0, 4, 8]
    assert evenly_spaced(range(100), 1) == [0]
    assert evenly_spaced([], 3) == []
    for most in (2, 7, 50):
        chosen = evenly_spaced(range(97), most)
        assert len(set(chosen)) == most
        assert (chosen[0], chosen[-1]) == (0, 96)


@pytest.mark.nyu
def test_nyu_rooms(nyu_root: Any) -> None:
    """NYU's 795 training frames: a tenth of the rooms is unseen, the official test split unused."""
    rows = read_index(nyu_root)
    splits = split(rows)
    trained, unseen = rooms_of(rows, splits.train), rooms_of(rows, splits.unseen)
    assert not trained & unseen
    assert len(unseen) == pytest.approx(0.1 * len(trained | unseen), abs=1)
    assert len(splits.train) + len(splits.seen) + len(splits.unseen) == 795
