"""Where frames come from: what every data set offers, and the pairs layout."""

import hashlib
import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8, UInt16

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.camera.plausible import find_doubt
from depth_unet.data.decode import LEAVE_OUT, NO_DEPTH, check_headers, check_sizes, read_depth, span
from depth_unet.data.doubts import describe_doubts, find_doubt_of_row
from depth_unet.data.info import INFO_NAME, DatasetInfo, read_info
from depth_unet.data.layout import INDEX_NAME, OnBad, PairRow, read_index, refuse
from depth_unet.errors import DataError
from depth_unet.files.checksum import sha256_of
from depth_unet.files.walk import is_file
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.images.photo import DecodedPhoto, read_photo


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One photo with its depth and camera.

    Attributes:
        image: RGB, 0 to 255, upright.
        depth_mm: Depth along the optical axis, millimetres; 0 wherever it may not be used: in
            holes and, except in official test frames, in the border and beyond the data set's
            range. There is no other mask.
        intrinsics: The camera, in pixels of this image.
        border_px: Width of the border of the photo that shows no scene, pixels of this image.
        labels: Class of every pixel, 255 where there is none; None for a frame without classes.
        rotated: Whether the photo's Exif orientation rotated or mirrored the stored pixels; maps
            are taken as stored.
        has_more: Whether the photo's file has further frames or pages, which are not used.
    """

    image: UInt8[np.ndarray, "h w 3"]
    depth_mm: UInt16[np.ndarray, "h w"]
    intrinsics: Intrinsics
    border_px: int = 0
    labels: UInt8[np.ndarray, "h w"] | None = None
    rotated: bool = False
    has_more: bool = False


class Source(ABC):
    """A data set that can be read frame by frame, in any order, from several threads.

    Attributes:
        root: The file or folder.
        rows: The frames' names, official splits, rooms and cameras.
        info: Camera, border and range of the whole data set.
        labelled: Whether training frames have classes.
        stored_size: Height and width of all training frames; None where each has its own.
        knows_digests: Whether ``digest`` need not read the frame.
    """

    root: Path
    rows: Sequence[PairRow]
    info: DatasetInfo
    labelled: bool = False
    stored_size: tuple[int, int] | None = None
    knows_digests: bool = False

    @property
    def sources(self) -> "tuple[Source, ...]":
        """The data sets that it is made of; itself if it is a single one."""
        return (self,)

    @abstractmethod
    def read(self, index: int) -> Frame:
        """The frame of ``rows[index]``.

        Raises:
            DataError: A file is missing or damaged, sizes differ, or no depth is valid.
        """

    def digest(self, index: int, *, labelled: bool = False) -> str:
        """Hash of the frame of ``rows[index]`` at native size: photo, depth, camera and border.

        It is the same in every form and in every cache of a data set, and depends on no name.

        Args:
            index: The row.
            labelled: Whether the classes are hashed, too.

        Raises:
            DataError: The frame cannot be read.
        """
        frame = self.read(index)
        return self._digest(index, hash_pixels(frame), frame.depth_mm.shape, labelled=labelled)

    def _digest(
        self, index: int, pixels: Sequence[str], size: Sequence[int], *, labelled: bool
    ) -> str:
        """The digest of a frame of a native size; ``pixels`` as of ``hash_pixels``."""
        height, width = size
        camera = self.info.camera(self.rows[index], height, width)
        facts = f"{camera} {self.info.border_px} {pixels[: 1 + labelled]}"
        return _hash(facts.encode())

    def check(self, indices: Iterable[int]) -> None:  # noqa: B027  # most forms check when read
        """Check the headers of the files of some rows, where rows have files of their own.

        Raises:
            DataError: A file is missing, of another kind, or of another size than its photo.
        """


class Original(Source):
    """A data set in its original form, from which a cache can be prepared."""

    @abstractmethod
    def origin(self, index: int) -> str:
        """Checksum of the content of a row's files, wherever they lie and however old they are.

        Raises:
            DataError: They are missing or cannot be read.
        """

    @abstractmethod
    def native_files(self, index: int) -> tuple[bytes, bytes]:
        """Photo and depth map of a row as files of the pairs layout.

        Raises:
            DataError: They are missing or damaged.
        """


class PairsSource(Original):
    """A folder in the pairs layout, decoded frame by frame.

    Args:
        root: The folder with ``index.csv``.
        only_tests: Whether the folder holds only the files of test rows, as a cache does.
        on_bad: Called with the error of every bad line, and of every missing file.

    Raises:
        DataError: The index cannot be used, or a file that it names is missing.
    """

    def __init__(self, root: Path, *, only_tests: bool = False, on_bad: OnBad = refuse) -> None:
        self.root, self.only_tests = root, only_tests
        self.rows = read_index(root, on_bad, self._check_files)
        self.info = read_info(root)
        known = self.info.intrinsics or all(row.camera_px for row in self.rows)
        if not known:
            warn_of_unknown_camera(root)
        elif self.info.intrinsics and (doubt := find_doubt(self.info.intrinsics)):
            warnings.warn(
                f"{root}: the intrinsics in dataset.json are implausible: {doubt}; correct them",
                stacklevel=2,
            )

    def _check_files(self, row: PairRow, where: str) -> None:
        if self.only_tests and row.official_split != "test":
            return
        for name in (row.rgb, row.depth):
            if not is_file(self.root / name):
                raise DataError(
                    f"{where} names {name}, which is missing; restore the file or remove the row"
                )

    def read(self, index: int) -> Frame:
        """The frame of ``rows[index]``, at its native size."""
        row = self.rows[index]
        photo, depth_path = read_photo(self.root / row.rgb), self.root / row.depth
        depth_mm = read_depth(depth_path, self.info.metres_per_unit)
        return make_frame(row, self.info, photo, depth_mm, str(depth_path))

    def check(self, indices: Iterable[int]) -> None:
        """Check format, bit depth, sizes and cameras of pairs by the headers of their files."""

        def check(index: int) -> str:
            row = self.rows[index]
            width, height = check_headers(self.root / row.rgb, self.root / row.depth)
            return find_doubt_of_row(row, self.info.camera(row, height, width))

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            # The first error cancels the checks not yet started.
            doubts = [doubt for doubt in pool.map(check, indices) if doubt]
        if doubts:
            warnings.warn(f"{self.root / INDEX_NAME}: {describe_doubts(doubts)}", stacklevel=2)

    def origin(self, index: int) -> str:
        """SHA-256 of a row's files."""
        row = self.rows[index]
        return " ".join(sha256_of(self.root / name) for name in (row.rgb, row.depth))

    def native_files(self, index: int) -> tuple[bytes, bytes]:
        """Photo and depth map, byte for byte."""
        row = self.rows[index]
        return (self.root / row.rgb).read_bytes(), (self.root / row.depth).read_bytes()


def warn_of_unknown_camera(root: Path) -> None:
    """Warn that the camera of some photos of a data set is not known."""
    warnings.warn(
        f"{root} states no camera for some images; a focal length of {NYU_FOCAL:.3f} times "
        "the longer side (NYU's Kinect) is assumed: add intrinsics to dataset.json",
        stacklevel=3,
    )


def make_frame(
    row: PairRow,
    info: DatasetInfo,
    photo: DecodedPhoto,
    depth_mm: UInt16[np.ndarray, "h w"],
    place: str,
) -> Frame:
    """A frame of an upright photo and its depth as stored.

    Border and range mask it, unless it is an official test frame: the published protocols that
    score those define their own crop and range.

    Args:
        row: The frame's row.
        info: Camera, border and range of the data set.
        photo: The photo.
        depth_mm: Depth, millimetres; 0 is a hole.
        place: File and row, for messages.

    Raises:
        DataError: Photo and depth differ in size, or no depth is valid.
    """
    height, width = depth_mm.shape
    check_sizes(photo.image.shape[1::-1], (width, height), row.rgb, place, rotated=photo.rotated)
    stored_mm = depth_mm
    if row.official_split != "test":
        depth_mm = mask_invalid(depth_mm, info)
    if not depth_mm.any():
        raise DataError(f"{place} {NO_DEPTH}{_why_invalid(stored_mm, info)}, or {LEAVE_OUT}")
    return Frame(
        image=photo.image,
        depth_mm=depth_mm,
        intrinsics=info.camera(row, height, width),
        border_px=info.border_px,
        rotated=photo.rotated,
        has_more=photo.has_more,
    )


def hash_pixels(frame: Frame) -> list[str]:
    """A hash of photo and depth, and one of the classes if the frame has any."""
    hashes = [_hash(str(frame.image.shape).encode(), frame.image, frame.depth_mm)]
    return hashes if frame.labels is None else [*hashes, _hash(frame.labels)]


def mask_invalid(
    depth_mm: UInt16[np.ndarray, "h w"], info: DatasetInfo
) -> UInt16[np.ndarray, "h w"]:
    """A copy of a native depth map, millimetres, with 0 in the border and beyond the range."""
    kept = np.where(depth_mm <= info.max_depth_m * MILLIMETRES_PER_METRE, depth_mm, 0)
    border = info.border_px
    if border:
        inner = kept[border:-border, border:-border].copy()
        kept = np.zeros_like(kept)
        kept[border:-border, border:-border] = inner
    return kept.astype(np.uint16, copy=False)


def _why_invalid(stored_mm: UInt16[np.ndarray, "h w"], info: DatasetInfo) -> str:
    """Cause and remedy where the border and the range of a data set leave no depth."""
    found_mm = stored_mm[stored_mm > 0]
    if not found_mm.size:
        return " (all zero); replace it"
    border = f" and border_px {info.border_px}" if info.border_px else ""
    return (
        f": it is {span(found_mm / MILLIMETRES_PER_METRE)}, and max_depth_m is "
        f"{info.max_depth_m:g}{border}; correct them or depth_unit in {INFO_NAME}"
    )


def _hash(*parts: bytes | np.ndarray) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part.tobytes() if isinstance(part, np.ndarray) else part)
    return digest.hexdigest()
