"""Frames as one HDF5 file each, in folders of scenes or in tar shards that stay closed."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from depth_unet.data.forms.description import nyu_info
from depth_unet.data.forms.files import first_twice, part_of
from depth_unet.data.forms.frames import FormSource, Pixels, width_of_photos
from depth_unet.data.forms.hdf5 import check_installed, dataset, opened, values
from depth_unet.data.forms.scenes import room_of
from depth_unet.data.layout import PairRow
from depth_unet.errors import DataError
from depth_unet.files.damage import told_as_damage
from depth_unet.images.millimetres import as_millimetres

SUFFIX = ".h5"
SPLITS = {"train": "train", "val": "test", "test": "test"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one frame lies.

    Attributes:
        name: Its path below the data set, which tells split and scene.
        file: The file or shard.
        offset: First byte within it.
        size: Number of bytes.
    """

    name: str
    file: Path
    offset: int
    size: int


def open_h5(root: Path) -> FormSource:
    """Open folders of ``.h5`` frames, below ``train`` and ``val``.

    Raises:
        ConfigError: h5py is not installed.
        DataError: There are none.
    """
    found = sorted(path for path in root.rglob(f"*{SUFFIX}") if path.is_file())
    places = [
        Place(path.relative_to(root).as_posix(), path, 0, path.stat().st_size) for path in found
    ]
    return _source(root, places)


def open_tar(root: Path) -> FormSource:
    """Open shards: one tar, or all in a folder; they are read in place.

    Raises:
        ConfigError: h5py is not installed.
        DataError: A shard is damaged or compressed, or there is no frame.
    """
    shards = [root] if root.is_file() else sorted(root.rglob("*.tar"))
    return _source(root, [place for shard in shards for place in _members(shard)])


def _members(shard: Path) -> Iterator[Place]:
    """The frames of a shard; where the folders in it name no split, the shard's name does."""
    with (
        told_as_damage(
            shard,
            "cannot be read as an uncompressed tar",
            "unpack it if it is compressed, or download it again",
        ),
        tarfile.open(shard, "r:") as archive,
    ):
        for member in archive:
            if member.isfile() and member.name.endswith(SUFFIX):
                name = member.name.removeprefix("./")
                if not _split(name):
                    split = part_of(shard.stem, SPLITS)
                    name = f"{split}/{name}" if split else name
                yield Place(name, shard, member.offset_data, member.size)


def _source(root: Path, places: list[Place]) -> FormSource:
    check_installed(root)
    if not places:
        raise DataError(f"{root} holds no {SUFFIX} frames; name the folder above train and val")
    names = [place.name for place in places]
    twice = first_twice(names)
    if twice:
        raise DataError(f"{root} holds {twice} twice; keep one of the shards")
    rows = [
        PairRow(
            rgb=str(PurePosixPath(name).with_suffix(".png")),
            depth=str(PurePosixPath(name).with_suffix("")) + "_depth.png",
            official_split=_split(name),
            room_group=room_of(PurePosixPath(name).parent.name),
        )
        for name in names
    ]
    pixels = partial(_pixels, places)
    return FormSource(
        root=root,
        rows=rows,
        info=nyu_info("NYU Depth v2, HDF5 frames", width_of_photos(pixels, len(rows))),
        pixels=pixels,
        origin_of=lambda index: f"{places[index].size}",
        place=lambda index: f"{places[index].file}, {places[index].name}",
    )


def _split(name: str) -> str:
    parts = PurePosixPath(name).parts[:-1]
    return next((SPLITS[part] for part in parts if part in SPLITS), "")


def _pixels(places: list[Place], index: int) -> Pixels:
    place = places[index]
    try:
        with place.file.open("rb") as stream:
            stream.seek(place.offset)
            data = stream.read(place.size)
    except OSError as error:
        raise DataError(f"{place.file} cannot be read ({error.strerror})") from None
    where = f"{place.file}, {place.name}"
    with opened(io.BytesIO(data), where) as stored:
        image, depth_m = (values(dataset(stored, name, where), where) for name in ("rgb", "depth"))
    if image.ndim != 3 or image.shape[0] != 3 or image.dtype != np.uint8 or depth_m.ndim != 2:
        raise DataError(
            f"{where} holds rgb {image.dtype} {image.shape} and depth {depth_m.shape}; uint8 "
            "3 x rows x columns and rows x columns are expected"
        )
    photo = np.ascontiguousarray(image.transpose(1, 2, 0))
    return photo, as_millimetres(depth_m.astype(np.float32))
