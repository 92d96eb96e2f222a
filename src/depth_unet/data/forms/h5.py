"""Frames as one HDF5 file each, in folders of scenes or in tar shards that stay closed."""

import hashlib
import io
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from depth_unet.data.decode import in_millimetres
from depth_unet.data.forms.files import find_word
from depth_unet.data.forms.form_source import NyuSource, Pixels
from depth_unet.data.forms.hdf5 import find_array, open_hdf5, read_array
from depth_unet.data.forms.nyu import SPLIT_OF_WORD, room_of
from depth_unet.data.layout import PairRow
from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.files.walk import files_below
from depth_unet.images.photo import DecodedPhoto

SUFFIX = ".h5"


class Place(NamedTuple):
    """Where the bytes of one frame are; ``name`` (below the data set) holds split and scene."""

    name: str
    file: Path
    offset: int
    size: int


class H5Source(NyuSource):
    """Frames at known places."""

    def __init__(self, root: Path, places: Sequence[Place]) -> None:
        if not places:
            raise DataError(f"{root} holds no {SUFFIX} frames; name the folder above train and val")
        names = [place.name for place in places]
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            raise DataError(f"{root} holds {twice} twice; keep one of the shards")
        self.places = places
        rows = [
            PairRow(
                rgb=str(PurePosixPath(name).with_suffix(".png")),
                depth=str(PurePosixPath(name).with_suffix("")) + "_depth.png",
                official_split=_split(name),
                room_group=room_of(PurePosixPath(name).parent.name),
            )
            for name in names
        ]
        super().__init__(root, rows, "NYU Depth v2, HDF5 frames")

    def pixels(self, index: int) -> Pixels:
        """See ``FormSource.pixels``."""
        where = self.place(index)
        with open_hdf5(io.BytesIO(self._bytes(index)), where) as stored:
            image, depth_m = (
                read_array(find_array(stored, name, where), where) for name in ("rgb", "depth")
            )
        if image.ndim != 3 or image.shape[0] != 3 or image.dtype != np.uint8 or depth_m.ndim != 2:
            raise DataError(
                f"{where} holds rgb {image.dtype} {image.shape} and depth {depth_m.shape}; uint8 "
                "3 x rows x columns and rows x columns are expected: download it again"
            )
        photo = DecodedPhoto(image=np.ascontiguousarray(image.transpose(1, 2, 0)))
        return photo, in_millimetres(depth_m.astype(np.float32), where)

    def place(self, index: int) -> str:
        """The file or shard, and the frame's name."""
        return f"{self.places[index].file}, {self.places[index].name}"

    def origin(self, index: int) -> str:
        """SHA-256 of the frame's file."""
        return hashlib.sha256(self._bytes(index)).hexdigest()

    def _bytes(self, index: int) -> bytes:
        place = self.places[index]
        try:
            with place.file.open("rb") as stream:
                stream.seek(place.offset)
                return stream.read(place.size)
        except OSError as error:
            raise DataError(f"{place.file} cannot be read ({error.strerror}); replace it") from None


def open_h5(root: Path, *, packed: bool = False) -> H5Source:
    """Open ``.h5`` frames below ``train`` and ``val``, or those ``packed`` in tar shards."""
    if packed:
        shards = [root] if root.is_file() else sorted(files_below(root, ".tar"))
        return H5Source(root, [place for shard in shards for place in _members(shard)])
    return H5Source(root, [_file(root, path) for path in sorted(files_below(root, SUFFIX))])


def _file(root: Path, path: Path) -> Place:
    with as_data_error(path, "cannot be read", "restore it or remove it"):
        return Place(path.relative_to(root).as_posix(), path, 0, path.stat().st_size)


def _members(shard: Path) -> Iterator[Place]:
    """The frames of a shard; its own name gives the split where its folders do not."""
    remedy = "unpack it if it is compressed, or download it again"
    with (
        as_data_error(shard, "cannot be read as an uncompressed tar", remedy),
        tarfile.open(shard, "r:") as archive,
    ):
        for member in archive:
            if member.isfile() and member.name.endswith(SUFFIX):
                name = member.name.removeprefix("./")
                if not _split(name):
                    split = find_word(shard.stem, SPLIT_OF_WORD)
                    name = f"{split}/{name}" if split else name
                yield Place(name, shard, member.offset_data, member.size)


def _split(name: str) -> str:
    parts = PurePosixPath(name).parts[:-1]
    return next((SPLIT_OF_WORD[part] for part in parts if part in SPLIT_OF_WORD), "")
