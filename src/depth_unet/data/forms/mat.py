"""``nyu_depth_v2_labeled.mat``: 1,449 labelled frames in one HDF5 file of MATLAB's."""

import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from depth_unet.data.forms.description import nyu_info
from depth_unet.data.forms.frames import FormSource, Pixels
from depth_unet.data.forms.hdf5 import dataset, opened
from depth_unet.data.forms.official import check_splits
from depth_unet.data.forms.scenes import room_of
from depth_unet.data.layout import PairRow
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.damage import told_as_damage
from depth_unet.images.millimetres import as_millimetres

SPLITS_NAME = "splits.mat"
MOST_FRAMES = 10**6  # a header may say anything
MAT_DEPTH = {"mat": "depths", "mat-raw": "rawDepths"}


def open_mat(root: Path, *, raw: bool = False) -> FormSource:
    """Open the file; frames are read when they are asked for.

    MATLAB stores columns first: an image is ``3 x 640 x 480`` here and is turned.

    Args:
        root: The file; ``splits.mat`` beside it states the official split.
        raw: The Kinect's own depth in place of the filled one.

    Raises:
        ConfigError: h5py or scipy is not installed.
        DataError: The file is damaged or lacks a data set.
    """
    stored = opened(root, str(root))
    depths = MAT_DEPTH["mat-raw" if raw else "mat"]
    count = _checked_count(stored, depths, root)
    rooms, splits = _rooms(stored, count, root), _splits(root, count)
    rows = [
        PairRow(
            rgb=f"{index:04d}.png",
            depth=f"{index:04d}_depth.png",
            official_split=splits[index],
            room_group=rooms[index],
        )
        for index in range(count)
    ]
    return FormSource(
        root=root,
        rows=rows,
        info=nyu_info(
            "NYU Depth v2, labelled set" + (", raw depth" if raw else ""),
            stored["images"].shape[2],
        ),
        pixels=partial(_pixels, stored, depths, root),
        origin_of=lambda index: f"{root.stat().st_size} {depths} {index}",
        place=lambda index: f"{root}, frame {index}",
    )


def _checked_count(stored: Any, depths: str, root: Path) -> int:
    """Number of frames, where images and depth agree.

    Raises:
        DataError: They are not there, or of other shapes.
    """
    images, depth = (dataset(stored, name, str(root)) for name in ("images", depths))
    if (
        (images.ndim, depth.ndim) != (4, 3)
        or images.shape[1] != 3
        or images.shape[0] != depth.shape[0]
    ):
        raise DataError(
            f"{root} has images {images.shape} and {depths} {depth.shape}; n x 3 x columns x rows "
            "and n x columns x rows are expected: download it again"
        )
    count: int = images.shape[0]
    if not 0 < count <= MOST_FRAMES:
        raise DataError(f"{root} has {count} frames; download it again")
    return count


def _rooms(stored: Any, count: int, root: Path) -> list[str]:
    """The room of every frame, from names that are stored as references to UTF-16 text."""
    if "scenes" not in stored:
        warnings.warn(f"{root} names no scenes: rooms cannot be told apart", stacklevel=4)
        return [""] * count
    with told_as_damage(root, "has damaged names of scenes"):
        references = np.asarray(stored["scenes"]).reshape(-1)
        names = [
            "".join(chr(code) for code in np.asarray(stored[item]).reshape(-1))
            for item in references
        ]
    if len(names) != count:
        raise DataError(f"{root} names {len(names)} scenes for {count} frames; download it again")
    return [room_of(name) for name in names]


def _splits(root: Path, count: int) -> Sequence[str]:
    """``train`` or ``test`` of every frame by ``splits.mat``; empty without the file."""
    path = root.parent / SPLITS_NAME
    if not path.exists():
        warnings.warn(
            f"{path} is not there: without it there is no official split, and no test frames",
            stacklevel=4,
        )
        return [""] * count
    try:
        from scipy.io import loadmat  # an extra
    except ImportError:
        raise ConfigError(
            f"{path} needs scipy: pip install 'depth-unet[data]', or move the file away"
        ) from None
    with told_as_damage(path, "cannot be used"):
        values = loadmat(path)
        train, test = (
            {int(number) - 1 for number in np.asarray(values[name]).reshape(-1)}
            for name in ("trainNdxs", "testNdxs")
        )
    check_splits(train, test, str(path))
    if count != len(train) + len(test):
        raise DataError(f"{root} has {count} frames and {path} lists {len(train) + len(test)}")
    return ["train" if index in train else "test" for index in range(count)]


def _pixels(stored: Any, depths: str, root: Path, index: int) -> Pixels:
    with told_as_damage(f"{root}, frame {index}"):
        image = np.ascontiguousarray(stored["images"][index].transpose(2, 1, 0))
        depth_m = np.ascontiguousarray(stored[depths][index].T)
    if image.dtype != np.uint8:
        raise DataError(f"{root} has images of {image.dtype}; uint8 is expected")
    return image, as_millimetres(depth_m.astype(np.float32))
