"""Several data sets as one: which folders, in which shares, and their frames under one roof."""

import bisect
import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from depth_unet.data.forms.recognise import open_source
from depth_unet.data.layout import DatasetInfo, PairRow
from depth_unet.data.source import Frame, Source
from depth_unet.data.splits import Splits, evenly, split_rooms
from depth_unet.errors import ConfigError, DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One data set of a mixture.

    Attributes:
        name: What its frames' and rooms' names begin with; unique.
        source: The data set.
        weight: Its share, in any unit; None: by its size.
        start: Its first row within the mixture.
    """

    name: str
    source: Source
    weight: float | None
    start: int


class MixedSource:
    """Several data sets as one, frames named ``<data set>/<photo>``.

    Borders and ranges hold within each data set; the range of the whole is the largest.

    Args:
        parts: The data sets, in order; each begins where the one before ends.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self.root = parts[0].source.root
        self.rows: Sequence[PairRow] = [
            replace(
                row,
                rgb=f"{part.name}/{row.rgb}",
                depth=f"{part.name}/{row.depth}",
                room_group=f"{part.name}/{row.room_group}",
            )
            for part in parts
            for row in part.source.rows
        ]
        self.info = DatasetInfo(
            name=" + ".join(part.source.info.name for part in parts),
            max_depth_m=max(part.source.info.max_depth_m for part in parts),
        )

    def read(self, index: int) -> Frame:
        """The frame of ``rows[index]``.

        Raises:
            DataError: A file is missing, damaged or not what it should be.
        """
        place = bisect.bisect_right([part.start for part in self.parts], index) - 1
        part = self.parts[place]
        return part.source.read(index - part.start)


def open_data(texts: Sequence[str]) -> Source:
    """Open one data set, or several as one.

    Args:
        texts: Folders, each in the pairs layout or a cache, as ``PATH`` or ``PATH:WEIGHT``.

    Raises:
        ConfigError: There is none, some have a weight and some not, a weight is not positive, or
            two folders have one name.
        DataError: A folder is no data set.
    """
    if not texts:
        raise ConfigError("--data names no folder; name at least one")
    named = [parsed(text) for text in texts]
    weights = [weight for _, weight in named]
    if len(named) == 1:
        return open_source(named[0][0])
    given = [weight for weight in weights if weight is not None]
    if given and len(given) < len(weights):
        raise ConfigError(
            f"--data {' '.join(texts)} gives {len(given)} of {len(weights)} data sets a weight; "
            "give all of them one (PATH:WEIGHT), or none"
        )
    if any(not 0 < weight < math.inf for weight in given):
        raise ConfigError(f"--data weights are {given}; they must be positive")
    parts, start = list[Part](), 0
    for path, weight in named:
        source, name = open_source(path), path.resolve().name
        if name in {part.name for part in parts}:
            raise ConfigError(
                f"two data sets are called {name}, and frames are named after their folders; "
                "rename one"
            )
        parts.append(Part(name=name, source=source, weight=weight, start=start))
        start += len(source.rows)
    return MixedSource(parts)


def parsed(text: str) -> tuple[Path, float | None]:
    """Folder and weight that ``PATH`` or ``PATH:WEIGHT`` means."""
    path, colon, weight = text.rpartition(":")
    if not colon or Path(text).exists():
        return Path(text), None
    try:
        return Path(path), float(weight)
    except ValueError:
        return Path(text), None


def data_arguments(source: Source) -> list[str]:
    """What ``open_data`` opens the same data with, from any folder."""
    if not isinstance(source, MixedSource):
        return [str(source.root.resolve())]
    return [
        str(part.source.root.resolve()) + ("" if part.weight is None else f":{part.weight!r}")
        for part in source.parts
    ]


def single_sources(source: Source) -> list[Source]:
    """The data sets of a mixture, or the one."""
    return [part.source for part in source.parts] if isinstance(source, MixedSource) else [source]


def split_source(
    source: Source,
    *,
    fraction: float,
    holdout: Literal["none"] | float,
    seed: int,
    apart: Collection[str] = (),
) -> Splits:
    """Split by rooms, every data set for itself: as it would be split alone; see ``split_rooms``.

    Rooms to keep ``apart`` are those of one data set; the others are split by ``holdout``.

    Raises:
        DataError: Every row of a data set is a test row.
    """
    if not isinstance(source, MixedSource):
        return split_rooms(source.rows, fraction=fraction, holdout=holdout, seed=seed, apart=apart)
    whole: dict[str, list[str]] = {}
    found = set[str]()
    for part in source.parts:
        here = {row.room_group for row in part.source.rows} & set(apart)
        splits = split_rooms(
            part.source.rows, fraction=fraction, holdout=holdout, seed=seed, apart=here
        )
        found |= here
        for name, frames in splits.to_dict().items():
            whole.setdefault(name, []).extend(f"{part.name}/{frame}" for frame in frames)
    lost = set(apart) - found
    if lost:
        raise DataError(
            f"{len(lost)} of the {len(apart)} rooms to keep apart are in none of the data sets, "
            f"such as {min(lost)}; name rooms that are there"
        )
    return Splits.from_dict(whole)


def by_data_set(source: Source, indices: Sequence[int]) -> list[list[int]]:
    """Rows of each data set apart; a data set without any is left out."""
    if not isinstance(source, MixedSource):
        return [list(indices)]
    starts = [part.start for part in source.parts]
    groups: dict[int, list[int]] = {}
    for index in indices:
        groups.setdefault(bisect.bisect_right(starts, index), []).append(index)
    return [groups[place] for place in sorted(groups)]


def data_weights(source: Source) -> list[float] | None:
    """Share of each data set; None where their sizes decide."""
    if not isinstance(source, MixedSource):
        return None
    weights = [part.weight for part in source.parts if part.weight is not None]
    return weights or None


def weighted_parts(
    source: Source, indices: Sequence[int]
) -> tuple[list[list[int]], list[float] | None]:
    """Rows of each data set apart, with the weights of those that have any."""
    if not isinstance(source, MixedSource) or data_weights(source) is None:
        return by_data_set(source, indices), None
    pairs = [
        (part.weight or 0.0, [i for i in indices if 0 <= i - part.start < len(part.source.rows)])
        for part in source.parts
    ]
    kept = [(weight, rows) for weight, rows in pairs if rows]
    return [rows for _, rows in kept], [weight for weight, _ in kept]


def sampled(source: Source, indices: Sequence[int], most: int) -> list[int]:
    """At most ``most`` rows, evenly spaced; of a mixture with weights, each set's share."""
    groups, weights = weighted_parts(source, indices)
    if weights is None:
        return evenly(indices, most)
    return [
        index
        for weight, group in zip(weights, groups, strict=True)
        for index in evenly(group, max(1, round(most * weight / sum(weights))))
    ]


def splits_within(source: Source, splits: Splits) -> Splits:
    """The splits of a run, in the names of this data set: one of those that it mixed, or all.

    A data set is found again under another folder's name, as the one most of whose frames are here.

    Args:
        source: What is evaluated.
        splits: A checkpoint's lists.
    """
    own = {row.rgb for row in source.rows}
    listed = {name for names in splits.to_dict().values() for name in names}
    if isinstance(source, MixedSource) or own & listed:
        return splits
    shares = Counter(
        folder for folder, _, rest in (name.partition("/") for name in listed) if rest in own
    )
    here = source.root.resolve().name
    if not shares:
        return splits
    prefix = f"{here if here in shares else shares.most_common(1)[0][0]}/"
    return Splits.from_dict(
        {
            split: [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
            for split, names in splits.to_dict().items()
        }
    )
