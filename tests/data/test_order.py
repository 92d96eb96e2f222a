"""The order of mixed data sets: shares, turns, and no early repeats."""

import pytest

from depth_unet.data.order import EpochOrder
from depth_unet.errors import ConfigError

SMALL, LARGE = range(10), range(100, 170)


def test_shares_of_every_epoch() -> None:
    """With weights 1 to 1, each epoch has as many frames of one data set as of the other."""
    order = EpochOrder([SMALL, LARGE], seed=0, weights=[0.5, 0.5])
    assert len(order) == 80
    for number in range(4):
        rows, _ = order.epoch(number)
        assert sum(row in SMALL for row in rows.tolist()) == 40


def test_every_frame_once_before_any_twice() -> None:
    """A data set uses all of its frames, across epochs, before any repeats."""
    order = EpochOrder([SMALL, LARGE], seed=3, weights=[1, 3])
    rows = [row for number in range(9) for row in order.epoch(number)[0].tolist()]
    for part in (SMALL, LARGE):
        mine = [row for row in rows if row in part]
        for start in range(0, len(mine) - len(part), len(part)):
            assert sorted(mine[start : start + len(part)]) == list(part)


def test_without_weights_an_epoch_is_everything_once() -> None:
    """Two data sets in the proportion of their sizes."""
    order = EpochOrder([SMALL, LARGE], seed=0)
    rows, turns = order.epoch(5)
    assert sorted(rows.tolist()) == [*SMALL, *LARGE]
    assert set(turns.tolist()) == {5}


def test_data_sets_are_shuffled_together() -> None:
    """Batches are mixed, too: the first quarter of an epoch has about its share of each."""
    rows, _ = EpochOrder([range(400), range(400, 800)], seed=1, weights=[1, 1]).epoch(0)
    assert 60 < sum(row < 400 for row in rows[:200].tolist()) < 140


def test_keys_of_repeated_frames_differ() -> None:
    """A frame that comes twice in an epoch is not changed in the same way twice."""
    order = EpochOrder([SMALL, LARGE], seed=0, weights=[3, 1])
    rows, turns = order.epoch(0)
    keys = [order.key(row, turn) for row, turn in zip(rows.tolist(), turns.tolist(), strict=True)]
    assert len(set(keys)) == len(keys)
    assert len(set(rows.tolist())) < len(keys)


def test_epochs_follow_from_their_number() -> None:
    """An epoch follows from its number alone."""
    straight = [EpochOrder([SMALL, LARGE], seed=2, weights=[2, 1]).epoch(n)[0] for n in range(4)]
    order = EpochOrder([SMALL, LARGE], seed=2, weights=[2, 1])
    for number in reversed(range(4)):
        assert order.epoch(number)[0].tolist() == straight[number].tolist()


def test_share_of_nothing_is_refused() -> None:
    """A weight so small that an epoch would have no frame of the data set."""
    with pytest.raises(ConfigError, match=r"leave \[0, 80\] frames.*raise the smallest weight"):
        EpochOrder([SMALL, LARGE], seed=0, weights=[0.001, 1])
