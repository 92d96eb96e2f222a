"""Which frames of a data set judge several runs alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from depth_unet.data.layout import PairRow
from depth_unet.data.splits import Splits
from depth_unet.errors import DataError

ComparedSplit = Literal["all", "seen", "unseen", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FairFrames:
    """Frames that are the same thing to every run.

    Attributes:
        indices: Rows of the data set.
        candidates: How many frames at least one run, or the data set, counts to the split.
        left_out: Per run, how many candidates it rules out; one may be ruled out by several.
        best_chosen: Runs whose own unseen part these frames touch: ``best`` was chosen there.
    """

    indices: tuple[int, ...]
    candidates: int
    left_out: Mapping[str, int]
    best_chosen: tuple[str, ...]


def fair_frames(
    rows: Sequence[PairRow], splits_of: Mapping[str, Splits], name: ComparedSplit
) -> FairFrames:
    """The frames of a split on which no run has an advantage by what it was trained on.

    ``unseen``: frames that a run held back as unseen; ``test``: official test frames; ``all``:
    every frame. Of these, the ones that are in no run's ``train`` or ``seen``, nor in a room of
    those. ``seen``: frames that every run held back from a room that it was trained in.

    Args:
        rows: The data set.
        splits_of: Each run's splits, by the run's name.
        name: Which part.

    Raises:
        DataError: No frame is left; the message says which run rules out how many.
    """
    candidates = _candidates(rows, splits_of, name)
    ruled_out = {
        run: _ruled_out(rows, candidates, splits, name) for run, splits in splits_of.items()
    }
    gone = set().union(*ruled_out.values())
    indices = tuple(index for index in candidates if index not in gone)
    if not indices:
        raise DataError(_reason(name, len(candidates), ruled_out))
    photos = {rows[index].rgb for index in indices}
    return FairFrames(
        indices=indices,
        candidates=len(candidates),
        left_out={run: len(indices) for run, indices in ruled_out.items() if indices},
        best_chosen=tuple(
            run for run, splits in splits_of.items() if not photos.isdisjoint(splits.unseen)
        ),
    )


def _candidates(
    rows: Sequence[PairRow], splits_of: Mapping[str, Splits], name: ComparedSplit
) -> list[int]:
    match name:
        case "all":
            return list(range(len(rows)))
        case "test":
            return [index for index, row in enumerate(rows) if row.official_split == "test"]
    listed = set().union(*(getattr(splits, name) for splits in splits_of.values()))
    return [index for index, row in enumerate(rows) if row.rgb in listed]


def _ruled_out(
    rows: Sequence[PairRow], candidates: Sequence[int], splits: Splits, name: ComparedSplit
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


def _reason(name: ComparedSplit, candidates: int, ruled_out: Mapping[str, set[int]]) -> str:
    verb = "did not hold back" if name == "seen" else "was trained on, or in the rooms of,"
    found = ", ".join(
        f"{run} {verb} {len(indices)} of {candidates}" for run, indices in ruled_out.items()
    )
    if not candidates:
        found = "this data set has no frame that a run lists there"
        if name == "test":
            found = "no row of index.csv has official_split=test"
    return (
        f"split {name} has no frame that is fair to all {len(ruled_out)} runs: {found}; "
        "choose another --split, or compare runs of one --seed and --holdout"
    )
