"""Frames on which several runs can be compared fairly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from depth_unet.config.choices import ComparedChoice
from depth_unet.data.layout import PairRow
from depth_unet.data.splits import Splits
from depth_unet.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class FairFrames:
    """The frames of a split that every run is scored on.

    Attributes:
        indices: Rows of the data set.
        candidates: Number of frames that at least one run, or the data set, has in the split.
        left_out: Candidates that each run rules out; several runs may rule out the same one.
        best_chosen: Runs whose best checkpoint was chosen on some of these frames.
    """

    indices: tuple[int, ...]
    candidates: int
    left_out: Mapping[str, int]
    best_chosen: tuple[str, ...]


def fair_frames(
    rows: Sequence[PairRow], splits_of: Mapping[str, Splits], name: ComparedChoice
) -> FairFrames:
    """The frames of a split on which no run has an advantage from its training.

    The candidates for ``unseen`` are the frames that any run held back as unseen, for ``test`` the
    official test frames, for ``all`` every frame. A run rules out its ``train`` and ``seen`` frames
    and all frames of their rooms. For ``seen``, a run rules out the frames that it did not hold
    back from a room it was trained in.

    Args:
        rows: The data set.
        splits_of: Each run's splits, by the run's name.
        name: The split.

    Raises:
        DataError: No frame is left; the message lists how many each run rules out.
    """
    candidates = _candidates(rows, splits_of, name)
    ruled_out = {
        run: _ruled_out(rows, candidates, splits, name) for run, splits in splits_of.items()
    }
    gone = set().union(*ruled_out.values())
    indices = tuple(index for index in candidates if index not in gone)
    if not indices:
        raise DataError(_no_frame(name, len(candidates), ruled_out))
    photos = {rows[index].rgb for index in indices}
    return FairFrames(
        indices=indices,
        candidates=len(candidates),
        left_out={run: len(indices) for run, indices in ruled_out.items() if indices},
        best_chosen=tuple(
            run for run, splits in splits_of.items() if not photos.isdisjoint(splits.unseen)
        ),
    )


def describe_left_out(split: str, run: str, count: int, candidates: int) -> str:
    """How many of the candidates for a split a run rules out, and why."""
    if split == "seen":
        return f"{run} did not hold back {count:,} of {candidates:,}"
    return f"{run} was trained on {count:,} of {candidates:,}, or on other frames of their rooms"


def _candidates(
    rows: Sequence[PairRow], splits_of: Mapping[str, Splits], name: ComparedChoice
) -> list[int]:
    match name:
        case "all":
            return list(range(len(rows)))
        case "test":
            return [index for index, row in enumerate(rows) if row.official_split == "test"]
    listed = set().union(*(getattr(splits, name) for splits in splits_of.values()))
    return [index for index, row in enumerate(rows) if row.rgb in listed]


def _ruled_out(
    rows: Sequence[PairRow], candidates: Sequence[int], splits: Splits, name: ComparedChoice
) -> set[int]:
    if name == "seen":
        held_back = set(splits.seen)
        return {index for index in candidates if rows[index].rgb not in held_back}
    frames = {*splits.train, *splits.seen}
    rooms = {row.room_group for row in rows if row.rgb in frames} - {""}
    return {
        index
        for index in candidates
        if rows[index].rgb in frames or rows[index].room_group in rooms
    }


def _no_frame(name: ComparedChoice, candidates: int, ruled_out: Mapping[str, set[int]]) -> str:
    """The message for a split without a fair frame."""
    if candidates:
        found = "; ".join(
            describe_left_out(name, run, len(indices), candidates)
            for run, indices in ruled_out.items()
        )
    elif name == "test":
        found = "no row of index.csv has official_split=test"
    else:
        found = "no run lists a frame of this data set there"
    return (
        f"split {name} has no frame that is fair to all {len(ruled_out)} runs: {found}; "
        "choose another --split, or compare runs with the same --seed and --holdout"
    )
