"""Parquet files with a column of photos and one of depth maps."""

import functools
import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from depth_unet.data.decode import read_depth, read_rgb
from depth_unet.data.forms.description import nyu_info
from depth_unet.data.forms.files import part_of
from depth_unet.data.forms.frames import FormSource, Pixels, width_of_photos
from depth_unet.data.layout import PairRow
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.damage import told_as_damage
from depth_unet.images.millimetres import as_millimetres

SUFFIX = ".parquet"
PHOTO_COLUMNS, DEPTH_COLUMNS = ("image", "rgb"), ("depth", "depth_map")
SPLITS = {"train": "train", "val": "test", "test": "test"}
OPEN_GROUPS = 4  # a group of rows is decoded as a whole


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that a file holds together.

    Attributes:
        path: The file.
        number: Which of its groups.
        start: The first of its rows within the file.
        size: Number of rows.
    """

    path: Path
    number: int
    start: int
    size: int


@dataclass(kw_only=True)
class Tables:
    """Groups of rows as they are asked for; a few are kept."""

    groups: Sequence[Group]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.starts = [0, *itertools.accumulate(group.size for group in self.groups)]
        self._table = functools.lru_cache(maxsize=OPEN_GROUPS)(_table)

    def values(self, index: int) -> tuple[Any, Any, str]:
        """Photo and depth map of a row as Python values, and where it lies.

        Raises:
            DataError: The file is damaged.
        """
        place = int(np.searchsorted(self.starts, index, side="right")) - 1
        group, row = self.groups[place], index - self.starts[place]
        where = f"{group.path}, row {group.start + row}"
        with self.lock:
            table = self._table(group.path, group.number)
        with told_as_damage(where):
            photo, depth = (
                table.column(_column(table.column_names, names, group.path))[row].as_py()
                for names in (PHOTO_COLUMNS, DEPTH_COLUMNS)
            )
        return photo, depth, where


def open_parquet(root: Path) -> FormSource:
    """Open one file, or all in a folder; rows are read when they are asked for.

    Raises:
        ConfigError: pyarrow is not installed.
        DataError: There is no file, or one is damaged or lacks a column.
    """
    paths = [root] if root.is_file() else sorted(root.rglob(f"*{SUFFIX}"))
    groups = [group for path in paths for group in _groups(path)]
    if not groups:
        raise DataError(f"{root} holds no rows in {SUFFIX} files; name the folder that does")
    tables = Tables(groups=groups)
    places = [
        (group, number)
        for group in groups
        for number in range(group.start, group.start + group.size)
    ]
    rows = [
        PairRow(rgb=f"{name}.png", depth=f"{name}_depth.png", official_split=split)
        for group, number in places
        for name, split in [_name_and_split(root, group.path, number)]
    ]
    pixels = partial(_pixels, tables)
    return FormSource(
        root=root,
        rows=rows,
        info=nyu_info("NYU Depth v2, parquet", width_of_photos(pixels, len(rows))),
        pixels=pixels,
        origin_of=lambda index: f"{places[index][0].path.stat().st_size} {places[index][1]}",
        place=lambda index: f"{root}, {rows[index].rgb}",
    )


def _groups(path: Path) -> list[Group]:
    with told_as_damage(path, "cannot be read as parquet"):
        metadata = _file(path).metadata
        names = metadata.schema.to_arrow_schema().names
        sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    for columns in (PHOTO_COLUMNS, DEPTH_COLUMNS):
        _column(names, columns, path)
    starts = [0, *itertools.accumulate(sizes)]
    return [Group(path, number, starts[number], size) for number, size in enumerate(sizes)]


def _file(path: Path) -> Any:
    try:
        from pyarrow import parquet  # an extra
    except ImportError:
        raise ConfigError(
            f"{path} is parquet and pyarrow is not installed: pip install 'depth-unet[data]'"
        ) from None
    with told_as_damage(path, "cannot be read as parquet"):
        return parquet.ParquetFile(path)


def _table(path: Path, number: int) -> Any:
    stored = _file(path)
    with told_as_damage(f"{path}, group {number}"):
        names = stored.schema_arrow.names
        wanted = [_column(names, group, path) for group in (PHOTO_COLUMNS, DEPTH_COLUMNS)]
        return stored.read_row_group(number, columns=wanted)


def _column(names: Sequence[str], wanted: tuple[str, ...], path: Path) -> str:
    found = next((name for name in wanted if name in names), None)
    if found is None:
        raise DataError(
            f"{path} has columns {', '.join(names)}; one of {', '.join(wanted)} is expected"
        )
    return found


def _name_and_split(root: Path, path: Path, number: int) -> tuple[str, str]:
    """Name of a row, unique in the data set, and its split by the words of the file's path."""
    below = Path(path.name) if path == root else path.relative_to(root)
    words = "/".join(below.parts)
    return f"{below.with_suffix('').as_posix()}/{number:06d}", SPLITS.get(
        part_of(words, SPLITS), ""
    )


def _pixels(tables: Tables, index: int) -> Pixels:
    photo, depth, where = tables.values(index)
    return _photo(photo, where), _depth(depth, where)


def _photo(value: Any, where: str) -> np.ndarray:
    if isinstance(value, dict):
        return read_rgb(Path(where), value.get("bytes") or b"")
    if isinstance(value, bytes):
        return read_rgb(Path(where), value)
    pixels = _array(value, where)
    if pixels.ndim == 3 and pixels.shape[0] == 3:
        pixels = pixels.transpose(1, 2, 0)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or not np.isfinite(pixels).all():
        raise DataError(f"{where}: the photo has shape {pixels.shape}; three channels are expected")
    scale = 255 if pixels.max(initial=0) <= 1 else 1  # floats from 0 to 1, or counts
    return np.ascontiguousarray(np.clip(np.rint(pixels * scale), 0, 255).astype(np.uint8))


def _depth(value: Any, where: str) -> np.ndarray:
    if isinstance(value, dict):
        return read_depth(Path(where), 1e-3, value.get("bytes") or b"")
    if isinstance(value, bytes):
        return read_depth(Path(where), 1e-3, value)
    depth_m = _array(value, where)
    if depth_m.ndim == 3 and 1 in (depth_m.shape[0], depth_m.shape[2]):
        depth_m = depth_m.reshape([side for side in depth_m.shape if side > 1] or [1, 1])
    if depth_m.ndim != 2:
        raise DataError(f"{where}: depth has shape {depth_m.shape}; rows x columns are expected")
    return as_millimetres(depth_m.astype(np.float32))


def _array(value: Any, where: str) -> np.ndarray:
    try:
        return np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError):
        raise DataError(f"{where}: neither an image nor rows of equal length") from None
