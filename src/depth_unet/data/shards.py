"""Shards of a data set, read as the set that they are parts of."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from depth_unet.data.layout import RECORDS_NAME, plain_name
from depth_unet.data.source import Frame, Source
from depth_unet.errors import DataError

ALL_SHARDS = (
    "`train` and `search` take the folders of all shards as the whole set, other commands one "
    "folder into which all are merged (docs/rooms.md)"
)


class Shards(Source):
    """The frames of several shards, room by room in the order of the rooms' names.

    That is the order of the whole set, so that splits, batches and results are the same.

    Args:
        sources: The shards, in any order; each states its number.

    Raises:
        DataError: Two of them hold the same frame.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        sources = sorted(sources, key=lambda source: source.info.shard or ())
        self._sources = tuple(sources)
        self.root = sources[0].root
        self.info = replace(sources[0].info, shard=None)
        places = [(source, index) for source in sources for index in range(len(source.rows))]
        self._places = sorted(places, key=lambda place: place[0].rows[place[1]].room_group)
        self.rows = [source.rows[index] for source, index in self._places]
        self.labelled = any(source.labelled for source in sources)
        sizes = {source.stored_size for source in sources}
        self.stored_size = sizes.pop() if len(sizes) == 1 else None
        self.knows_digests = all(source.knows_digests for source in sources)
        self._refuse_repeated()

    @property
    def sources(self) -> tuple[Source, ...]:
        """The shards by number."""
        return self._sources

    def read(self, index: int) -> Frame:
        """The frame of ``rows[index]``."""
        source, own = self._places[index]
        return source.read(own)

    def digest(self, index: int, *, labelled: bool = False) -> str:
        """See ``Source.digest``."""
        source, own = self._places[index]
        return source.digest(own, labelled=labelled)

    def check(self, indices: Iterable[int]) -> None:
        """Check every shard's own rows; see ``Source.check``."""
        places = [self._places[index] for index in indices]
        for source in self._sources:
            source.check([own for shard, own in places if shard is source])

    def _refuse_repeated(self) -> None:
        owners = dict[str, Source]()
        for row, (source, _) in zip(self.rows, self._places, strict=True):
            owner = owners.setdefault(plain_name(row.rgb), source)
            if owner is not source:
                raise DataError(
                    f"{owner.root} and {source.root} are shards of one set and both hold "
                    f"{row.rgb}; name every shard once"
                )


def group_shards(sources: Sequence[Source]) -> list[list[int]]:
    """Indices of data sets that are shards of one set; each other data set is alone.

    Warns of a set of which shards are missing, and of folders that list a part of their rooms.
    """
    groups: dict[str, list[int]] = {}
    for index, source in enumerate(sources):
        shard = source.info.shard
        groups.setdefault(shard.whole if shard else f" {index}", []).append(index)
    for group in groups.values():
        shards = [shard for index in group if (shard := sources[index].info.shard)]
        if shards and sum(Fraction(1, shard.total) for shard in shards) < 1:
            folders = ", ".join(str(sources[index].root) for index in group)
            numbers = ", ".join(f"{shard.number}/{shard.total}" for shard in shards)
            warnings.warn(
                f"{folders}: shard {numbers} of a set without the others; {ALL_SHARDS}",
                stacklevel=3,
            )
    for text in filter(None, map(find_unlisted, sources)):
        warnings.warn(text, stacklevel=3)
    return list(groups.values())


def find_unlisted(source: Source) -> str:
    """What is wrong with shards that were copied into one folder; empty if there are none."""
    if source.info.shard is None:
        return ""
    num_rendered = sum(1 for _ in (source.root / RECORDS_NAME).glob("*.json"))
    num_listed = len({row.room_group for row in source.rows})
    if num_rendered <= num_listed:
        return ""
    return (
        f"{source.root} holds {num_rendered} rooms and lists {num_listed}: shards were copied into "
        "one folder, or rendering was interrupted; run `depth-unet rooms` of the whole set there "
        "(without --shard), or name the folders of all shards to `train`"
    )
