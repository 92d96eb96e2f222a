"""The official split of the 1,449 labelled frames, to check lists against; never guessed from.

795 frames are for training and 654 for testing. The list is kept as runs of consecutive indices
(from 0) in ``nyu_depth_v2_labeled.mat`` that belong to one side, training first.
"""

import warnings
from collections.abc import Collection
from functools import cache

from depth_unet.data.forms.official_runs import FIRST_SPLIT, RUNS
from depth_unet.errors import DataError

NUM_TRAIN, NUM_TEST = 795, 654


@cache
def official_frames(split: str) -> frozenset[int]:
    """Indices of the official ``train`` or ``test`` frames."""
    frames, start, current = set[int](), 0, FIRST_SPLIT
    for length in RUNS:
        if current == split:
            frames.update(range(start, start + length))
        start += length
        current = "test" if current == "train" else "train"
    return frozenset(frames)


def check_splits(train: Collection[int], test: Collection[int], where: str) -> None:
    """Refuse lists of indices that are not the official ones.

    Raises:
        DataError: They differ.
    """
    for split, found in (("train", train), ("test", test)):
        expected = official_frames(split)
        if set(found) != expected:
            raise DataError(
                f"{where} lists {len(found)} {split} frames, of which "
                f"{len(expected & set(found))} are among the {len(expected)} official ones; take "
                "the splits.mat that comes with the data set"
            )


def warn_unless_official(test: Collection[int], where: str) -> None:
    """Warn where test frames, numbered as in the labelled set, are not the official 654."""
    official = official_frames("test")
    known = len(official & set(test))
    if set(test) != official:
        warnings.warn(
            f"{where} has {known} of the 654 official test frames and {len(test) - known} others: "
            "results are not comparable with published ones",
            stacklevel=2,
        )
