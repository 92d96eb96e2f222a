"""What a data set holds, and signs of the field's common mistakes."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from depth_unet.data.decode import NO_DEPTH, UNIT_REMEDY
from depth_unet.data.doubts import describe_doubts, find_doubt_of_row
from depth_unet.data.info import DatasetInfo
from depth_unet.data.layout import PairRow
from depth_unet.data.shards import find_unlisted
from depth_unet.data.source import Frame, Source
from depth_unet.data.splits import evenly_spaced
from depth_unet.errors import DataError
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE

EDGES_M = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 65.535)
USUAL_M = (0.7, 8.0)  # range of rooms' median depths; others have a wrong unit
METRES_PER_COUNT = {
    "m": 1.0,
    "cm": 1e-2,
    "1/256 m": 1 / 256,
    "mm": 1e-3,
    "1/4000 m": 1 / 4000,
    "1/5000 m": 1 / 5000,
    "1/8000 m": 1 / 8000,
    "0.1 mm": 1e-4,
}
"""Units in which data sets store depth."""
EIGHT_BITS = 256
WHITE = 250
MANY_HOLES = 0.6


@dataclass(kw_only=True)
class Survey:
    """What was found.

    Attributes:
        num_pairs: Pairs in the data set.
        num_read: Pairs that were read.
        splits: Number of pairs by official split.
        rooms: Number of named rooms by official split.
        shared_rooms: Rooms with both training and test frames.
        sizes: Number of pairs read by width and height.
        histogram: Share of the valid pixels in each interval of ``EDGES_M``.
        median_m: Median of the photos' median depths.
        invalid: Share of the pixels without valid depth.
        num_rotated: Photos read that their Exif orientation rotated or mirrored.
        num_with_more: Photos read whose file has further frames or pages.
        duplicates: Names of photos with the same pixels, in groups.
        bad: Errors of pairs that cannot be read.
        mistakes: Signs of mistakes, each in one line with a remedy.
    """

    num_pairs: int
    num_read: int = 0
    splits: Counter[str] = field(default_factory=Counter)
    rooms: dict[str, int] = field(default_factory=dict)
    shared_rooms: tuple[str, ...] = ()
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    histogram: tuple[float, ...] = ()
    median_m: float = 0.0
    invalid: float = 0.0
    num_rotated: int = 0
    num_with_more: int = 0
    duplicates: list[tuple[str, ...]] = field(default_factory=list)
    bad: list[DataError] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSummary:
    """Statistics of one frame."""

    name: str
    split: str
    room: str
    size: tuple[int, int]
    digest: bytes
    counts: np.ndarray
    num_pixels: int
    median_m: float
    num_values: int
    white_frame: bool
    rotated: bool
    has_more: bool
    camera_doubt: str


def survey(source: Source, *, most: int = 0, progress: Callable[[], None] = lambda: None) -> Survey:
    """Read pairs and describe them; errors of pairs that cannot be read are collected in ``bad``.

    Args:
        source: The data set.
        most: Pairs to read, evenly spaced; 0 reads all.
        progress: Called after every pair.
    """
    rows = source.rows
    found = Survey(num_pairs=len(rows), splits=Counter(row.official_split for row in rows))
    by_split: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.room_group:
            by_split[row.official_split].add(row.room_group)
    found.rooms = {split: len(rooms) for split, rooms in sorted(by_split.items())}
    found.shared_rooms = tuple(sorted((by_split["train"] | by_split[""]) & by_split["test"]))

    def look(index: int) -> PairSummary | DataError:
        try:
            return _summarise(rows[index], source.read(index))
        except DataError as error:
            return error

    summaries = list[PairSummary]()
    with ThreadPoolExecutor() as pool:
        for result in pool.map(look, evenly_spaced(range(len(rows)), most or len(rows))):
            progress()
            if isinstance(result, DataError):
                found.bad.append(result)
            else:
                summaries.append(result)
    if summaries:
        _describe(found, summaries)
    found.mistakes = [
        *filter(None, [find_unlisted(source)]),
        *_mistakes(found, summaries, source.info),
    ]
    return found


def _summarise(row: PairRow, frame: Frame) -> PairSummary:
    depth_mm = frame.depth_mm
    valid_m = depth_mm[depth_mm > 0] / MILLIMETRES_PER_METRE
    rim = np.concatenate((frame.image[0], frame.image[-1], frame.image[:, 0], frame.image[:, -1]))
    return PairSummary(
        name=row.rgb,
        split=row.official_split,
        room=row.room_group,
        size=(depth_mm.shape[1], depth_mm.shape[0]),
        digest=hashlib.blake2b(frame.image.tobytes(), digest_size=16).digest(),
        counts=np.histogram(valid_m, EDGES_M)[0],
        num_pixels=depth_mm.size,
        median_m=float(np.median(valid_m)),
        num_values=len(np.unique(depth_mm)),
        white_frame=bool(np.median(rim) >= WHITE),
        rotated=frame.rotated,
        has_more=frame.has_more,
        camera_doubt=find_doubt_of_row(row, frame.intrinsics),
    )


def _describe(found: Survey, summaries: Sequence[PairSummary]) -> None:
    found.num_read = len(summaries)
    found.num_rotated = sum(summary.rotated for summary in summaries)
    found.num_with_more = sum(summary.has_more for summary in summaries)
    found.sizes = Counter(summary.size for summary in summaries)
    counts = np.sum([summary.counts for summary in summaries], axis=0)
    found.histogram = tuple((counts / max(1, counts.sum())).tolist())
    found.median_m = float(np.median([summary.median_m for summary in summaries]))
    num_pixels = sum(summary.num_pixels for summary in summaries)
    found.invalid = 1 - int(counts.sum()) / num_pixels
    groups: dict[bytes, list[str]] = {}
    for summary in summaries:
        groups.setdefault(summary.digest, []).append(summary.name)
    found.duplicates = [tuple(names) for names in groups.values() if len(names) > 1]


def _mistakes(found: Survey, summaries: Sequence[PairSummary], info: DatasetInfo) -> Iterator[str]:
    """Signs of mistakes that are often reported."""
    if found.shared_rooms:
        yield (
            f"{len(found.shared_rooms)} rooms have both training and test frames, such as "
            f"{found.shared_rooms[0]}: results will look too good; move each to one part"
        )
    if not found.rooms:
        yield "rooms have no names, so none can be held out; add a column room_group, or folders"
    test = {summary.digest for summary in summaries if summary.split == "test"}
    both = test & {summary.digest for summary in summaries if summary.split != "test"}
    if both:
        yield f"{len(both)} photos are in the training and in the test part; remove them from one"
    rooms_of = defaultdict[bytes, set[str]](set)
    for summary in summaries:
        if summary.room and summary.split != "test":
            rooms_of[summary.digest].add(summary.room)
    several = [sorted(rooms) for rooms in rooms_of.values() if len(rooms) > 1]
    if several:
        yield (
            f"{len(several)} photos are in several rooms, such as {' and '.join(several[0])}: "
            "held-out rooms would have been seen; remove the copies, or give them one room"
        )
    doubts = [summary.camera_doubt for summary in summaries if summary.camera_doubt]
    if doubts:
        yield describe_doubts(doubts)
    without = [error for error in found.bad if NO_DEPTH in str(error)]
    if len(without) > found.num_read:
        yield (
            f"{len(without)} pairs have no valid depth up to {info.max_depth_m:g} m: depth seems "
            f"to be in another unit; {UNIT_REMEDY}"
        )
    if summaries:
        yield from _mistakes_of_depth(found, summaries, info)


def _mistakes_of_depth(
    found: Survey, summaries: Sequence[PairSummary], info: DatasetInfo
) -> Iterator[str]:
    if not _is_usual(found.median_m):
        counts = found.median_m / info.metres_per_unit
        units = [name for name, unit in METRES_PER_COUNT.items() if _is_usual(counts * unit)]
        yield (
            f"the median depth is {found.median_m:.3g} m, implausible for a room: depth seems to "
            f"be in another unit{', such as ' if units else ''}{', '.join(units)}; {UNIT_REMEDY}"
        )
    coarse = [summary for summary in summaries if summary.num_values <= EIGHT_BITS]
    if coarse and len(coarse) > len(summaries) / 2:
        yield (
            f"{len(coarse)} of {len(summaries)} depth maps have at most {EIGHT_BITS} values: 8-bit "
            "depth, in steps of centimetres; use 16-bit files if there are any"
        )
    white = sum(summary.white_frame for summary in summaries)
    if white > len(summaries) / 2 and not info.border_px:
        yield (
            f"{white} of {len(summaries)} photos have a white frame, and border_px is 0: depth "
            "there counts as measured; set border_px in dataset.json (NYU: 10 at 640x480)"
        )
    if found.invalid > MANY_HOLES:
        yield f"{found.invalid:.0%} of the pixels have no valid depth; check unit and range"


def _is_usual(median_m: float) -> bool:
    return USUAL_M[0] <= median_m <= USUAL_M[1]
