"""Parquet files with a column of photos and one of depth maps."""

import functools
import itertools
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from depth_unet.data.decode import in_millimetres, read_depth
from depth_unet.data.forms.files import find_word
from depth_unet.data.forms.form_source import NyuSource, Pixels
from depth_unet.data.forms.nyu import SPLIT_OF_WORD
from depth_unet.data.layout import PairRow
from depth_unet.errors import ConfigError, DataError, install_command
from depth_unet.files.checksum import sha256_of
from depth_unet.files.damage import as_data_error
from depth_unet.files.walk import files_below
from depth_unet.images.photo import DecodedPhoto, read_photo
from depth_unet.images.white import as_8_bits

SUFFIX = ".parquet"
PHOTO_COLUMNS, DEPTH_COLUMNS = ("image", "rgb"), ("depth", "depth_map")
OPEN_GROUPS = 4  # a group of rows is decoded as a whole


class Place(NamedTuple):
    """Where a row is: its file, group, place in the group and place in the file."""

    path: Path
    group: int
    offset: int
    number: int


class ParquetSource(NyuSource):
    """One file, or all in a folder; rows are read when they are asked for."""

    def __init__(self, root: Path) -> None:
        paths = [root] if root.is_file() else sorted(files_below(root, SUFFIX))
        self.places = [place for path in paths for place in _places(path)]
        if not self.places:
            raise DataError(f"{root} holds no rows in {SUFFIX} files; name the folder that does")
        self._lock = threading.Lock()
        self._table = functools.lru_cache(maxsize=OPEN_GROUPS)(_table)
        self._checksum = functools.cache(sha256_of)
        rows = [
            PairRow(rgb=f"{name}.png", depth=f"{name}_depth.png", official_split=split)
            for name, split in (_name_and_split(root, place) for place in self.places)
        ]
        super().__init__(root, rows, "NYU Depth v2, parquet")

    def pixels(self, index: int) -> Pixels:
        """See ``FormSource.pixels``."""
        place, where = self.places[index], self.place(index)
        with self._lock:
            table = self._table(place.path, place.group)
        with as_data_error(where):
            photo, depth = (
                table.column(_column(table.column_names, names, place.path))[place.offset].as_py()
                for names in (PHOTO_COLUMNS, DEPTH_COLUMNS)
            )
        return _photo(photo, where), _depth(depth, where)

    def place(self, index: int) -> str:
        """The file and the row in it."""
        return f"{self.places[index].path}, row {self.places[index].number}"

    def origin(self, index: int) -> str:
        """SHA-256 of the whole file, and the row's number in it."""
        place = self.places[index]
        with self._lock:
            return f"{self._checksum(place.path)} {place.number}"


def _places(path: Path) -> Iterator[Place]:
    with as_data_error(path, "cannot be read as parquet"):
        metadata = _file(path).metadata
        names = metadata.schema.to_arrow_schema().names
        sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    for columns in (PHOTO_COLUMNS, DEPTH_COLUMNS):
        _column(names, columns, path)
    numbers = itertools.count()
    for group, size in enumerate(sizes):
        for offset in range(size):
            yield Place(path, group, offset, next(numbers))


def _file(path: Path) -> Any:
    try:
        from pyarrow import parquet  # an extra
    except ImportError:
        raise ConfigError(
            f"{path} is parquet and pyarrow is not installed; run: {install_command('pyarrow')}"
        ) from None
    with as_data_error(path, "cannot be read as parquet"):
        return parquet.ParquetFile(path)


def _table(path: Path, number: int) -> Any:
    stored = _file(path)
    with as_data_error(f"{path}, group {number}"):
        names = stored.schema_arrow.names
        wanted = [_column(names, group, path) for group in (PHOTO_COLUMNS, DEPTH_COLUMNS)]
        return stored.read_row_group(number, columns=wanted)


def _column(names: Sequence[str], wanted: tuple[str, ...], path: Path) -> str:
    found = next((name for name in wanted if name in names), None)
    if found is None:
        raise DataError(
            f"{path} has columns {', '.join(names)}; name a file with {' or '.join(wanted)}"
        )
    return found


def _name_and_split(root: Path, place: Place) -> tuple[str, str]:
    """Name of a row, unique in the data set, and its split by the words of the file's path."""
    path = place.path
    below = Path(path.name) if path == root else path.relative_to(root)
    split = SPLIT_OF_WORD.get(find_word(below.as_posix(), SPLIT_OF_WORD), "")
    return f"{below.with_suffix('').as_posix()}/{place.number:06d}", split


def _photo(value: Any, where: str) -> DecodedPhoto:
    data = _image_file(value)
    if data is not None:
        return read_photo(data, where)
    pixels = _array(value, where)
    if pixels.ndim == 3 and pixels.shape[0] == 3:
        pixels = pixels.transpose(1, 2, 0)
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise DataError(f"{where}: photo of {pixels.shape}, not three channels; name another file")
    # Lists do not state a type: whole numbers up to 255 have 8 bits.
    white = 255 if pixels.dtype.kind in "iu" and pixels.max(initial=0) <= 255 else None
    return DecodedPhoto(image=np.ascontiguousarray(as_8_bits(pixels, where, white)))


def _depth(value: Any, where: str) -> np.ndarray:
    data = _image_file(value)
    if data is not None:
        return read_depth(Path(where), 1e-3, data)
    depth_m = _array(value, where)
    if depth_m.ndim == 3 and 1 in (depth_m.shape[0], depth_m.shape[2]):
        depth_m = depth_m.reshape([side for side in depth_m.shape if side > 1] or [1, 1])
    if depth_m.ndim != 2:
        raise DataError(f"{where}: depth is {depth_m.shape}, not rows x columns; name another file")
    return in_millimetres(depth_m.astype(np.float32), where)


def _image_file(value: Any) -> bytes | None:
    """The image file that a cell holds; None for numbers."""
    if isinstance(value, dict):
        return value.get("bytes") or b""
    return value if isinstance(value, bytes) else None


def _array(value: Any, where: str) -> np.ndarray:
    try:
        numbers = np.asarray(value)
        return numbers if numbers.dtype.kind in "iu" else numbers.astype(np.float32)
    except (TypeError, ValueError):
        raise DataError(
            f"{where}: neither an image nor rows of equal length; name another file"
        ) from None
