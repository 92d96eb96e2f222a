"""Where frames come from: what every form of data set offers, and the pairs layout."""

import os
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8, UInt16

from depth_unet.camera import Intrinsics
from depth_unet.config.model import NYU_FOCAL
from depth_unet.data.decode import (
    check_headers,
    check_sizes,
    read_depth,
    read_rgb,
)
from depth_unet.errors import DataError
from depth_unet.layout import DatasetInfo, PairRow, read_index, read_info
from depth_unet.millimetres import MILLIMETRES_PER_METRE


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One photo with its depth and camera.

    Attributes:
        image: RGB, 0 to 255.
        depth_mm: Depth along the optical axis, millimetres; 0 wherever it may not be used (a
            hole; in rows that are not official test rows also the border, or beyond the data
            set's range). There is no other mask.
        intrinsics: The camera, in pixels of this image.
        border_px: Width of the frame around the photo that shows no scene, pixels of this image.
    """

    image: UInt8[np.ndarray, "h w 3"]
    depth_mm: UInt16[np.ndarray, "h w"]
    intrinsics: Intrinsics
    border_px: int = 0


@runtime_checkable
class Source(Protocol):
    """A data set that can be read frame by frame, in any order, from several threads."""

    @property
    def root(self) -> Path:
        """Where the data set lies."""
        ...

    @property
    def rows(self) -> Sequence[PairRow]:
        """The frames' names, official splits, rooms and cameras."""
        ...

    @property
    def info(self) -> DatasetInfo:
        """What holds for the whole data set."""
        ...

    def read(self, index: int) -> Frame:
        """The frame of ``rows[index]``.

        Raises:
            DataError: A file is missing, damaged or not what it should be.
        """
        ...


class PairsSource:
    """A folder in the pairs layout, decoded frame by frame.

    Border and range of the data set hold for all rows but the official test rows: the published
    protocols that score those define their own crop and range.

    Args:
        root: The folder with ``index.csv``.
        only_tests: Whether the folder holds the files of test rows alone (a cache).
        quiet: Whether to leave out the warning about a missing camera, where it was given before.

    Raises:
        DataError: The index cannot be used, or a file that it names is missing.
    """

    def __init__(self, root: Path, *, only_tests: bool = False, quiet: bool = False) -> None:
        self.root = root
        self.rows: Sequence[PairRow] = read_index(root)
        self.info = read_info(root)
        for number, row in enumerate(self.rows, start=2):
            if only_tests and row.official_split != "test":
                continue
            for name in (row.rgb, row.depth):
                if not (root / name).is_file():
                    raise DataError(
                        f"{root / 'index.csv'}, row {number} names {name}, which is not there; "
                        "restore the file or remove the row"
                    )
        known = self.info.intrinsics or all(row.camera_px for row in self.rows)
        if not known and not quiet:
            warnings.warn(
                f"{root} states no camera for some images; a focal length of {NYU_FOCAL:.3f} times "
                "the longer side (NYU's Kinect) is assumed: add intrinsics to dataset.json",
                stacklevel=2,
            )

    def read(self, index: int) -> Frame:
        """The frame of ``rows[index]``, at its native size.

        Raises:
            DataError: A file is missing or damaged, sizes differ, or no depth is valid.
        """
        row = self.rows[index]
        rgb_path, depth_path = self.root / row.rgb, self.root / row.depth
        image = read_rgb(rgb_path)
        depth_mm = read_depth(depth_path, self.info.metres_per_unit)
        height, width = depth_mm.shape
        check_sizes(image.shape[1::-1], (width, height), rgb_path, depth_path)
        limits = ""
        if row.official_split != "test":
            depth_mm = without_invalid(depth_mm, self.info)
            limits = f", or beyond {self.info.max_depth_m} m"
            if self.info.border_px:
                limits += f", or in the border of {self.info.border_px} px"
        if not depth_mm.any():
            raise DataError(
                f"{depth_path} has no valid depth (all zero{limits}); "
                "replace it or remove its row from the index"
            )
        camera = self.info.camera(row, height, width)
        return Frame(
            image=image,
            depth_mm=depth_mm,
            intrinsics=camera or Intrinsics.assumed(width, height, NYU_FOCAL),
            border_px=self.info.border_px,
        )


def check_source(source: PairsSource, indices: Iterable[int], *, workers: int = 0) -> None:
    """Check format, bit depth and sizes of pairs by the headers of their files.

    Args:
        source: A folder in the pairs layout.
        indices: Which of its rows.
        workers: Threads; 0 takes one per core.

    Raises:
        DataError: A file is no image, a depth map is not 16-bit, or sizes differ.
    """

    def check(index: int) -> None:
        row = source.rows[index]
        check_headers(source.root / row.rgb, source.root / row.depth)

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for _ in pool.map(check, indices):  # the first error cancels what has not begun
            pass


def without_invalid(
    depth_mm: UInt16[np.ndarray, "h w"], info: DatasetInfo
) -> UInt16[np.ndarray, "h w"]:
    """Depth with 0 in the data set's border and beyond its range.

    Args:
        depth_mm: Depth of a whole native image, millimetres.
        info: Width of the border and range.

    Returns:
        A copy in which 0 marks every value that may not be used.
    """
    kept = np.where(depth_mm <= info.max_depth_m * MILLIMETRES_PER_METRE, depth_mm, 0)
    border = info.border_px
    if border:
        inner = kept[border:-border, border:-border].copy()
        kept = np.zeros_like(kept)
        kept[border:-border, border:-border] = inner
    return kept.astype(np.uint16, copy=False)
