"""Room-wise splits: frames of one room never fall on both sides of a boundary."""

import csv
import hashlib
import io
import warnings
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from depth_unet.config.choices import SplitChoice
from depth_unet.data.layout import PairRow
from depth_unet.data.source import Source
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.text import read_text

SEEN_EVERY = 5
FEW_ROOMS = 8
FOLD_COLUMNS = ("room_group", "fold")


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """Names of the frames (their ``rgb`` paths) in each split.

    Attributes:
        train: Frames that are trained on.
        seen: Held-out frames of rooms that are trained on.
        unseen: Frames of held-out rooms.
        test: The official test frames.
    """

    train: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    test: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, list[str]]:
        """The lists as plain values, ready for JSON."""
        return {name: list(getattr(self, name)) for name in ("train", "seen", "unseen", "test")}

    @classmethod
    def from_dict(cls, values: dict[str, list[str]]) -> Self:
        """Inverse of ``to_dict``."""
        return cls(**{name: tuple(names) for name, names in values.items()})

    def for_source(self, source: Source) -> Self:
        """The splits of a run on several data sets, in the names that one of them has alone.

        The data set is recognised under another folder's name as the one most of whose frames it
        holds. The splits are returned unchanged where the names agree already, or none is known.
        """
        own = {row.rgb for row in source.rows}
        listed = {name for names in self.to_dict().values() for name in names}
        folders = Counter(
            folder for folder, _, rest in (name.partition("/") for name in listed) if rest in own
        )
        if own & listed or not folders:
            return self
        here = source.root.resolve().name
        prefix = f"{here if here in folders else folders.most_common(1)[0][0]}/"
        return self.from_dict(
            {
                split: [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
                for split, names in self.to_dict().items()
            }
        )


def split_rooms(
    rows: Sequence[PairRow],
    *,
    fraction: float,
    holdout: Literal["none"] | float,
    seed: int,
    held_out: Collection[str] = (),
) -> Splits:
    """Split a data set by rooms.

    ``test`` is the official one. Of the other rooms, a share ``holdout`` is ``unseen``. Of the
    rest, a share ``fraction`` is trained on, except that every fifth frame of a room with at least
    five is ``seen``. Rooms are chosen by a hash of seed and name, so adding a room to the data set
    moves few others. At least one room remains for training, with a warning for fewer than eight.
    If no room can be held out (no room names, one room), all frames are trained on, with a warning.

    Args:
        rows: The whole data set.
        fraction: Share of the training rooms that is used.
        holdout: Share of the rooms held out, or ``none``: then neither seen nor unseen exist.
        seed: Seed of both choices.
        held_out: Names of the ``unseen`` rooms, in place of ``holdout``.

    Raises:
        DataError: Every row is a test row, a room ``held_out`` has no training row, or no other
            room is left.
    """
    test = tuple(row.rgb for row in rows if row.official_split == "test")
    rooms: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.official_split != "test":
            rooms[row.room_group].append(row.rgb)
    if not rooms:
        raise DataError(
            "every row has official_split=test, so nothing is left to train on; add training rows"
        )
    names = sorted(rooms, key=lambda room: _hash(seed, "unseen", room))
    if held_out:
        names.sort(key=lambda room: room not in held_out)
        num_unseen = _count_held_out(names, held_out)
    else:
        num_unseen = 0 if holdout == "none" else _count_unseen(len(names), holdout)
    train, seen = list[str](), list[str]()
    for room in sorted(_choose_fraction(names[num_unseen:], fraction, seed)):
        for rank, frame in enumerate(rooms[room]):
            is_fifth = len(rooms[room]) >= SEEN_EVERY and rank % SEEN_EVERY == SEEN_EVERY - 1
            (seen if num_unseen and is_fifth else train).append(frame)
    unseen = tuple(frame for room in sorted(names[:num_unseen]) for frame in rooms[room])
    return Splits(train=tuple(train), seen=tuple(seen), unseen=unseen, test=test)


def rooms_of_fold(text: str) -> frozenset[str]:
    """The rooms of one fold of a CSV file with the columns ``room_group`` and ``fold``.

    Args:
        text: ``FILE:FOLD``; empty: no rooms.

    Raises:
        ConfigError: The text has another form.
        DataError: The file is missing or has other columns, or there is no such fold.
    """
    if not text:
        return frozenset()
    path, _, fold = text.rpartition(":")
    if not (path and fold):
        raise ConfigError(f"--fold is {text!r}; give FILE:FOLD, such as folds/nyu_train.csv:0")
    try:
        lines = list(csv.DictReader(io.StringIO(read_text(Path(path)), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} cannot be read as CSV ({error}); name a file with the columns "
            f"{' and '.join(FOLD_COLUMNS)}"
        ) from None
    if not lines or any(line.get(column) is None for line in lines for column in FOLD_COLUMNS):
        raise DataError(f"{path} has no lines of {' and '.join(FOLD_COLUMNS)}; name such a file")
    rooms = frozenset(line["room_group"] for line in lines if line["fold"] == fold)
    if not rooms:
        known = ", ".join(sorted({line["fold"] for line in lines}))
        raise DataError(f"{path} has no fold {fold!r}; choose among {known}")
    return rooms


def frames_of(rows: Sequence[PairRow], splits: Splits, name: SplitChoice) -> list[int]:
    """Indices into ``rows`` of the frames of one split; see ``find_frames``.

    Raises:
        DataError: The data set has no frame of that split.
    """
    indices = find_frames(rows, splits, name)
    if indices or name == "all":
        return indices
    if name == "test":
        reason = "no row of index.csv has official_split=test"
    elif getattr(splits, name):
        reason = "none of the frames that the checkpoint lists is in this data set"
    else:
        reason = "the checkpoint was trained without it (no held-out rooms, or rooms too small)"
    raise DataError(f"split {name} does not exist here: {reason}; choose another split, or all")


def find_frames(rows: Sequence[PairRow], splits: Splits, name: SplitChoice) -> list[int]:
    """Indices into ``rows`` of the frames of one split; empty if there are none.

    Args:
        rows: The data set that was split, or its cache.
        splits: The lists of the checkpoint.
        name: Which split.
    """
    if name == "all":
        return list(range(len(rows)))
    if name == "test":
        return [index for index, row in enumerate(rows) if row.official_split == "test"]
    wanted = set(getattr(splits, name))
    return [index for index, row in enumerate(rows) if row.rgb in wanted]


def evenly_spaced(indices: Sequence[int], most: int) -> list[int]:
    """At most ``most`` of the indices, evenly spaced, including the first and the last."""
    if len(indices) <= most:
        return list(indices)
    return [indices[round(i * (len(indices) - 1) / max(1, most - 1))] for i in range(most)]


def _count_held_out(names: list[str], held_out: Collection[str]) -> int:
    num = sum(room in held_out for room in names)
    if num < len(held_out) or num == len(names):
        raise DataError(
            f"{num} of the data set's {len(names)} rooms are among the {len(held_out)} held-out "
            f"rooms, such as {min(held_out)}; name rooms of this data set that have training rows, "
            "and leave some to train on"
        )
    return num


def _count_unseen(num_rooms: int, holdout: float) -> int:
    num = min(max(1, round(holdout * num_rooms)), num_rooms - 1)
    if num == 0:
        warnings.warn(
            "the data set has one room (or no room_group column), so no room can be held out; "
            "training on all of it",
            stacklevel=3,
        )
    return num


def _choose_fraction(rooms: list[str], fraction: float, seed: int) -> list[str]:
    kept = sorted(rooms, key=lambda room: _hash(seed, "fraction", room))
    kept = kept[: max(1, round(fraction * len(rooms)))]
    if len(kept) < FEW_ROOMS:
        cause = f"fraction {fraction} leaves" if fraction < 1 else "this data set and holdout leave"
        warnings.warn(
            f"{cause} {len(kept)} of {len(rooms)} training rooms; "
            f"with fewer than {FEW_ROOMS}, results vary much with --seed",
            stacklevel=3,
        )
    return kept


def _hash(seed: int, purpose: str, room: str) -> bytes:
    return hashlib.sha256(f"{seed}:{purpose}:{room}".encode()).digest()
