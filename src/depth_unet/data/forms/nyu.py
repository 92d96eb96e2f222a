"""What NYU Depth v2 is in every form: camera, border, range, room names and the official split."""

import re
import warnings
from collections.abc import Collection
from functools import cache

from depth_unet.camera.nyu import NYU_CAMERA
from depth_unet.data.info import DatasetInfo
from depth_unet.errors import DataError

BORDER = 10 / 640  # width of the white frame around the photos, in widths of the photo
MAX_DEPTH_M = 10.0
SPLIT_OF_WORD = {"train": "train", "val": "test", "test": "test"}  # in names of files and folders
# Lengths of the runs of consecutive test and training frames among the 1,449 labelled ones.
FIRST_SPLIT = "test"
# fmt: off
RUNS = (
    2, 6, 1, 4, 5, 2, 1, 6, 16, 2, 2, 8, 2, 1, 5, 12, 4, 4, 8, 25, 3, 5, 5, 1, 4, 2, 1, 15, 3,
    11, 3, 1, 6, 3, 23, 4, 6, 7, 3, 27, 1, 13, 1, 6, 3, 5, 7, 10, 7, 7, 3, 2, 3, 7, 11, 15, 2,
    2, 10, 19, 7, 4, 3, 13, 4, 15, 6, 5, 8, 13, 5, 2, 9, 30, 6, 1, 12, 4, 3, 3, 3, 9, 3, 3, 17,
    7, 5, 7, 4, 8, 5, 4, 2, 3, 5, 11, 6, 5, 2, 4, 2, 4, 3, 4, 2, 3, 6, 2, 6, 4, 5, 2, 2, 2, 3,
    6, 8, 3, 2, 5, 5, 2, 4, 8, 2, 14, 29, 12, 5, 5, 5, 6, 3, 9, 14, 3, 3, 4, 6, 6, 3, 34, 3, 8,
    3, 6, 3, 3, 4, 9, 3, 11, 4, 2, 3, 2, 8, 13, 5, 5, 4, 5, 3, 8, 3, 8, 3, 3, 2, 8, 2, 2, 2, 3,
    2, 16, 10, 3, 9, 1, 7, 1, 4, 7, 3, 3, 9, 3, 2, 7, 15, 3, 6, 2, 2, 2, 3, 2, 6, 7, 5, 4, 12,
    3, 5, 5, 5, 2, 3, 11, 4, 3, 12, 9, 6, 4, 11, 1, 3, 2, 7, 5, 2, 13, 4, 2, 6, 6, 3, 3, 4, 7,
    2, 2, 2, 14, 8, 2, 8, 5, 8, 6, 4, 5, 4, 7, 9,
)
# fmt: on


def nyu_info(name: str, width: int) -> DatasetInfo:
    """Border, range and camera of NYU's photos of a given width."""
    return DatasetInfo(
        name=name,
        border_px=round(BORDER * width),
        max_depth_m=MAX_DEPTH_M,
        intrinsics=NYU_CAMERA,
    )


def room_of(scene: str) -> str:
    """The room that a scene's folder shows: ``basement_0001a_out`` shows ``basement_0001``."""
    return re.sub(r"(?<=\d)[a-z]$", "", scene.removesuffix("_out"))


@cache
def official_frames(split: str) -> frozenset[int]:
    """Indices (from 0) of the official 795 ``train`` or 654 ``test`` frames."""
    frames, start, current = set[int](), 0, FIRST_SPLIT
    for length in RUNS:
        if current == split:
            frames.update(range(start, start + length))
        start += length
        current = "test" if current == "train" else "train"
    return frozenset(frames)


def check_splits(train: Collection[int], test: Collection[int], where: str) -> None:
    """Raise a ``DataError`` if indices are not the official ones."""
    for split, found in (("train", train), ("test", test)):
        expected = official_frames(split)
        if set(found) != expected:
            raise DataError(
                f"{where} lists {len(found)} {split} frames, of which "
                f"{len(expected & set(found))} are among the {len(expected)} official ones; use "
                "the splits.mat that comes with the data set"
            )


def warn_unless_official(test: Collection[int], where: str) -> None:
    """Warn where test frames are not the official ones; -1 stands for a name without a number."""
    official = official_frames("test")
    known = len(official & set(test))
    if set(test) != official:
        warnings.warn(
            f"{where} has {known} of the {len(official)} official test frames and "
            f"{len(test) - known} others: results are not comparable with published ones",
            stacklevel=2,
        )
