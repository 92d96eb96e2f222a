"""What a run is trained on: one data set, or several mixed by weight."""

import bisect
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from depth_unet.config.checks import check_range
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.info import DatasetInfo
from depth_unet.data.layout import PairRow
from depth_unet.data.shards import Shards, group_shards
from depth_unet.data.source import Frame, Source
from depth_unet.data.splits import Splits, evenly_spaced, split_rooms
from depth_unet.errors import ConfigError, DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One data set of a mixture.

    Attributes:
        source: The data set.
        named: The folders that hold it, with their weights as ``--data`` gives them.
        prefix: Put before the names of its frames and rooms: its folder's name and a slash; empty
            for a single data set.
        weight: Its share, in any unit; None: by its size.
        start: Its first row in the mixture.
    """

    source: Source
    named: tuple[tuple[Path, float | None], ...]
    prefix: str = ""
    weight: float | None = None
    start: int = 0

    def select(self, indices: Iterable[int]) -> list[int]:
        """The rows of the mixture that belong to this data set."""
        stop = self.start + len(self.source.rows)
        return [index for index in indices if self.start <= index < stop]


class Mixture(Source):
    """One data set under its own names, or several, frames named ``<folder>/<photo>``.

    Camera, border and range hold within each data set; the range of several is the largest.

    Args:
        parts: The data sets in order; each starts where the one before ends.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self.root = parts[0].source.root
        self.rows = [_add_prefix(row, part.prefix) for part in parts for row in part.source.rows]
        infos = [part.source.info for part in parts]
        self.info = infos[0]
        if len(parts) > 1:
            self.info = DatasetInfo(
                name=" + ".join(info.name for info in infos),
                max_depth_m=max(info.max_depth_m for info in infos),
            )
        self.labelled = any(part.source.labelled for part in parts)
        self.weights = [part.weight for part in parts if part.weight is not None] or None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The data sets and, of those in shards, each shard."""
        return tuple(source for part in self.parts for source in part.source.sources)

    def read(self, index: int) -> Frame:
        """The frame of ``rows[index]``."""
        part = self._part(index)
        return part.source.read(index - part.start)

    def digest(self, index: int, *, labelled: bool = False) -> str:
        """See ``Source.digest``."""
        part = self._part(index)
        return part.source.digest(index - part.start, labelled=labelled)

    def check(self, indices: Iterable[int]) -> None:
        """Check every data set's own rows; see ``Source.check``."""
        indices = list(indices)
        for part in self.parts:
            part.source.check([index - part.start for index in part.select(indices)])

    def arguments(self) -> list[str]:
        """The values of ``--data`` that open the same data from any working folder."""
        return [
            str(path.resolve()) + ("" if weight is None else f":{weight!r}")
            for part in self.parts
            for path, weight in part.named
        ]

    def split(
        self,
        *,
        fraction: float,
        holdout: Literal["none"] | float,
        seed: int,
        held_out: Collection[str] = (),
    ) -> Splits:
        """Split every data set by rooms, independently of the others; see ``split_rooms``.

        A data set that has rooms of ``held_out`` holds out those; the others use ``holdout``.

        Raises:
            DataError: Every row of a data set is a test row, or a room ``held_out`` is not found.
        """
        rooms = [{row.room_group for row in part.source.rows} for part in self.parts]
        missing = set(held_out).difference(*rooms)
        if missing:
            raise DataError(
                f"{len(missing)} of the {len(held_out)} held-out rooms are not in the data, "
                f"such as {min(missing)}; name rooms of this data"
            )
        whole: dict[str, list[str]] = {}
        for part, own in zip(self.parts, rooms, strict=True):
            splits = split_rooms(
                part.source.rows,
                fraction=fraction,
                holdout=holdout,
                seed=seed,
                held_out=own & set(held_out),
            )
            for name, frames in splits.to_dict().items():
                whole.setdefault(name, []).extend(part.prefix + frame for frame in frames)
        return Splits.from_dict(whole)

    def group(self, indices: Sequence[int]) -> tuple[list[list[int]], list[float] | None]:
        """Rows by data set, without data sets that have none, and the weights of the others."""
        groups = [(part.weight, part.select(indices)) for part in self.parts]
        groups = [(weight, rows) for weight, rows in groups if rows]
        weights = [weight for weight, _ in groups if weight is not None]
        return [rows for _, rows in groups], weights or None

    def sample(self, indices: Sequence[int], most: int) -> list[int]:
        """At most ``most`` rows, evenly spaced; with weights, each data set gives its share."""
        groups, weights = self.group(indices)
        if weights is None:
            return evenly_spaced(indices, most)
        return [
            index
            for weight, group in zip(weights, groups, strict=True)
            for index in evenly_spaced(group, max(1, round(most * weight / sum(weights))))
        ]

    def _part(self, index: int) -> Part:
        place = bisect.bisect_right(self.parts, index, key=lambda part: part.start) - 1
        return self.parts[place]


def open_data(texts: Sequence[str]) -> Mixture:
    """Open the data sets that ``--data`` names as ``PATH`` or ``PATH:WEIGHT``.

    Shards of one set become that set; its weight is the sum of theirs, which are all the same.

    Raises:
        ConfigError: No data set is named, only some have a weight, a weight is out of range, shards
            of one set have different weights, or two folders have the same name.
        DataError: A path is not a data set.
    """
    if not texts:
        raise ConfigError("--data names no folder; name at least one")
    named = [parse_data_argument(text) for text in texts]
    given = [weight for _, weight in named if weight is not None]
    check_range("--data weight", tuple(given), "(0, 1000000]")
    if len(named) > 1 and given and len(given) < len(named):
        raise ConfigError(
            f"--data {' '.join(texts)} gives {len(given)} of {len(named)} data sets a weight; "
            "give all of them one (PATH:WEIGHT), or none"
        )
    sources = [open_source(path) for path, _ in named]
    groups = group_shards(sources)
    for group in groups:
        if len({named[index][1] for index in group}) > 1:
            shards = " ".join(texts[index] for index in group)
            raise ConfigError(
                f"--data {shards} are shards of one set, whose frames are all drawn alike; give "
                "them the same weight"
            )
    if len(groups) == 1:
        named = [(path, None) for path, _ in named]
    parts, start = list[Part](), 0
    for group in groups:
        of_group = [sources[index] for index in group]
        source = of_group[0] if len(group) == 1 else Shards(of_group)
        part = Part(source=source, named=tuple(named[index] for index in group), start=start)
        parts.append(part if len(groups) == 1 else _in_mixture(part))
        start += len(source.rows)
    prefixes = [part.prefix for part in parts]
    for prefix in prefixes:
        if prefixes.count(prefix) > 1:
            raise ConfigError(
                f"two data sets are called {prefix[:-1]}, and frames are named after their "
                "folders; rename one"
            )
    return Mixture(parts)


def _in_mixture(part: Part) -> Part:
    """One of several data sets: its names get a prefix, and it has a weight."""
    weights = [weight for _, weight in part.named if weight is not None]
    prefix = f"{part.source.root.resolve().name}/"
    return replace(part, prefix=prefix, weight=sum(weights) if weights else None)


def parse_data_argument(text: str) -> tuple[Path, float | None]:
    """Path and weight of ``PATH`` or ``PATH:WEIGHT``."""
    path, colon, weight = text.rpartition(":")
    if not colon or Path(text).exists():
        return Path(text), None
    try:
        return Path(path), float(weight)
    except ValueError:
        return Path(text), None


def _add_prefix(row: PairRow, prefix: str) -> PairRow:
    if not prefix:
        return row
    return replace(
        row,
        rgb=prefix + row.rgb,
        depth=prefix + row.depth,
        room_group=prefix + row.room_group,
    )
