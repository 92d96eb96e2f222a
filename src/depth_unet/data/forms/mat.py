"""``nyu_depth_v2_labeled.mat``: 1,449 labelled frames in one HDF5 file of MATLAB's."""

import functools
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from depth_unet.data.decode import in_millimetres
from depth_unet.data.forms.form_source import NyuSource, Pixels
from depth_unet.data.forms.hdf5 import find_array, find_stored, open_hdf5, referenced_arrays
from depth_unet.data.forms.nyu import check_splits, room_of
from depth_unet.data.layout import PairRow
from depth_unet.errors import ConfigError, DataError, install_command
from depth_unet.files.checksum import sha256_of
from depth_unet.files.damage import as_data_error
from depth_unet.images.photo import DecodedPhoto

SPLITS_NAME = "splits.mat"
MOST_FRAMES = 10**6  # a damaged header may claim any number


class MatSource(NyuSource):
    """The file, with the Kinect's ``raw`` depth or the filled one; frames are read when asked for.

    MATLAB stores columns first: an image is ``3 x 640 x 480`` here and is transposed. The file
    ``splits.mat`` beside it states the official split.
    """

    def __init__(self, root: Path, *, raw: bool = False) -> None:
        self.root, self.stored = root, open_hdf5(root, str(root))
        self.depths = "rawDepths" if raw else "depths"
        count = self._count()
        rooms, splits = _rooms(self.stored, count, root), _splits(root, count)
        rows = [
            PairRow(
                rgb=f"{index:04d}.png",
                depth=f"{index:04d}_depth.png",
                official_split=splits[index],
                room_group=rooms[index],
            )
            for index in range(count)
        ]
        super().__init__(root, rows, "NYU Depth v2, labelled set" + (", raw depth" if raw else ""))

    def pixels(self, index: int) -> Pixels:
        """See ``FormSource.pixels``."""
        with as_data_error(self.place(index)):
            image = np.ascontiguousarray(self.stored["images"][index].transpose(2, 1, 0))
            depth_m = np.ascontiguousarray(self.stored[self.depths][index].T)
        if image.dtype != np.uint8:
            raise DataError(
                f"{self.root} has images of {image.dtype}, not uint8; download it again"
            )
        return DecodedPhoto(image=image), in_millimetres(
            depth_m.astype(np.float32), self.place(index)
        )

    def place(self, index: int) -> str:
        """The file and the frame's number."""
        return f"{self.root}, frame {index}"

    def origin(self, index: int) -> str:
        """SHA-256 of the whole file, the kind of depth and the frame's number."""
        return f"{self._checksum} {self.depths} {index}"

    @functools.cached_property
    def _checksum(self) -> str:
        return sha256_of(self.root)

    def _count(self) -> int:
        """Number of frames; images and depth must agree."""
        where = str(self.root)
        images, depth = (find_array(self.stored, name, where) for name in ("images", self.depths))
        if (
            (images.ndim, depth.ndim) != (4, 3)
            or images.shape[1] != 3
            or images.shape[0] != depth.shape[0]
        ):
            raise DataError(
                f"{where} has images {images.shape} and {self.depths} {depth.shape}; "
                "n x 3 x columns x rows and n x columns x rows are expected: download it again"
            )
        count: int = images.shape[0]
        if not 0 < count <= MOST_FRAMES:
            raise DataError(f"{where} has {count} frames; download it again")
        return count


def _rooms(stored: Any, count: int, root: Path) -> list[str]:
    """The room of every frame, from names that are stored as references to UTF-16 text."""
    scenes = find_stored(stored, "scenes", str(root))
    if scenes is None:
        warnings.warn(f"{root} names no scenes: rooms cannot be distinguished", stacklevel=4)
        return [""] * count
    with as_data_error(root, "has damaged names of scenes"):
        texts = referenced_arrays(scenes, stored, str(root))
        names = ["".join(map(chr, np.asarray(text).reshape(-1))) for text in texts]
    if len(names) != count:
        raise DataError(f"{root} names {len(names)} scenes for {count} frames; download it again")
    return [room_of(name) for name in names]


def _splits(root: Path, count: int) -> Sequence[str]:
    """``train`` or ``test`` of every frame by ``splits.mat``; empty without the file."""
    path = root.parent / SPLITS_NAME
    if not path.exists():
        warnings.warn(
            f"{path} is missing: without it there is no official split, and no test frames",
            stacklevel=4,
        )
        return [""] * count
    try:
        from scipy.io import loadmat  # an extra
    except ImportError:
        raise ConfigError(
            f"{path} needs scipy; run: {install_command('scipy')}, or move the file away"
        ) from None
    with as_data_error(path, "cannot be used"):
        values = loadmat(path)
        train, test = (
            {int(number) - 1 for number in np.asarray(values[name]).reshape(-1)}
            for name in ("trainNdxs", "testNdxs")
        )
    check_splits(train, test, str(path))
    if count != len(train) + len(test):
        num = len(train) + len(test)
        raise DataError(f"{root} has {count} frames and {path} lists {num}; download both again")
    return ["train" if index in train else "test" for index in range(count)]
