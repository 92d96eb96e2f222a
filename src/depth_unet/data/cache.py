"""The prepared form of a data set: frames of one size in a few large files.

A cache is a folder with the pairs layout's ``index.csv`` and ``dataset.json``, in which

- training rows are stored in blocks of equal size, in the order of the index:
  ``blocks/00000.rgb.npy`` (uint8, n x h x w x 3), ``blocks/00000.depth.npy`` (uint16 millimetres,
  n x h x w, 0 invalid) and, if the data set has classes, ``blocks/00000.labels.npy`` (uint8,
  n x h x w, 255 none);
- test rows are the original files, byte for byte, so that they are scored at native size;
- ``cache.json`` states size, counts and a SHA-256 of every block, and has a checksum itself. It is
  written last: a folder without it is not a cache.

Reading takes a frame's bytes out of a file, which is not kept open. The system caches the pages for
all processes and frees them when memory is short, so training needs memory for its batches only.
Files are not mapped: where a mapped one vanishes, the system kills the process without a word.

Each block is compared with its checksum once, when its first frame is read.
"""

import functools
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from depth_unet.data.fit import fit_border, fit_camera
from depth_unet.data.source import Frame, PairsSource, Source
from depth_unet.errors import DataError
from depth_unet.files.checksum import sha256_of, unseal

MANIFEST_NAME = "cache.json"
PREPARING_NAME = "preparing.json"  # marks an unfinished cache
BLOCKS_NAME = "blocks"
REMEDY = "run the same `depth-unet prepare` again"
SCHEMA = 2  # 1: photos as stored, without their Exif orientation


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a cache holds.

    Attributes:
        schema: Version of this format.
        fingerprint: Hash of everything that determines the content: index, data set, size.
        height: Rows of every frame in the blocks.
        width: Columns of every frame in the blocks.
        block_size: Frames per block; the last block may hold fewer.
        labelled: Whether the frames have classes.
        native_sizes: Height and width of each blocked frame before it was resized.
        checksums: SHA-256 of every block file, by its path relative to the cache.
        pixels: ``hash_pixels`` of each blocked frame before it was resized.
    """

    schema: int = SCHEMA
    fingerprint: str
    height: int
    width: int
    block_size: int
    labelled: bool = False
    native_sizes: list[list[int]] = field(default_factory=list)
    checksums: dict[str, str] = field(default_factory=dict)
    pixels: list[list[str]] = field(default_factory=list)


class CacheSource(Source):
    """A prepared data set, read from its blocks.

    Args:
        root: The folder that ``depth-unet prepare`` made.

    Raises:
        DataError: The cache is unfinished or of another version, or a block is missing, short or
            of another type or shape.
    """

    knows_digests = True

    def __init__(self, root: Path) -> None:
        self.root = root
        self.manifest = read_manifest(root)
        self._native = PairsSource(root, only_tests=True)
        self.rows, self.info = self._native.rows, self._native.info
        self.labelled = self.manifest.labelled
        self.stored_size = (self.manifest.height, self.manifest.width)
        blocked = [index for index, row in enumerate(self.rows) if row.official_split != "test"]
        self._position = {index: position for position, index in enumerate(blocked)}
        self._arrays = self._check_blocks(len(blocked))
        self._check_content = functools.cache(self._compare)

    def read(self, index: int) -> Frame:
        """The frame of ``rows[index]``: test rows at native size, others at the cache's.

        The arrays are copies: they keep no file open and may be changed.

        Raises:
            DataError: A file is missing, damaged or cannot be read.
        """
        position = self._position.get(index)
        if position is None:
            return self._native.read(index)
        block, offset = divmod(position, self.manifest.block_size)
        self._check_content(block)
        rgb, depth, *labels = (array.read(offset) for array in self._arrays[block])
        camera = self.info.camera(self.rows[index], *self.manifest.native_sizes[position])
        size = (self.manifest.height, self.manifest.width)
        return Frame(
            image=rgb,
            depth_mm=depth,
            intrinsics=fit_camera(camera, *size),
            border_px=fit_border(self.info.border_px, camera, *size),
            labels=labels[0] if labels else None,
        )

    def digest(self, index: int, *, labelled: bool = False) -> str:
        """See ``Source.digest``."""
        position = self._position.get(index)
        if position is None:
            return self._native.digest(index, labelled=labelled)
        size = self.manifest.native_sizes[position]
        return self._digest(index, self.manifest.pixels[position], size, labelled=labelled)

    def _check_blocks(self, num_frames: int) -> list[tuple["_BlockFile", ...]]:
        manifest = self.manifest
        if num_frames != len(manifest.native_sizes):
            raise DataError(
                f"{self.root} lists {num_frames} training rows and its blocks hold "
                f"{len(manifest.native_sizes)}; prepare it again with --overwrite"
            )
        num_blocks = -(-num_frames // manifest.block_size)
        return [_find_block(self.root, manifest, block) for block in range(num_blocks)]

    def _compare(self, block: int) -> None:
        """Refuse a block whose files do not have the checksums of the manifest."""
        for array in self._arrays[block]:
            name = array.path.relative_to(self.root).as_posix()
            if sha256_of(array.path) != self.manifest.checksums.get(name):
                raise DataError(
                    f"{array.path} is damaged (it does not have its checksum); {REMEDY}"
                )


@dataclass(frozen=True, slots=True)
class _BlockFile:
    """One array of a block: where its frames start in the file, their shape and type."""

    path: Path
    start: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def read(self, index: int) -> np.ndarray:
        """One frame."""
        count = math.prod(self.shape)
        place = self.start + index * count * self.dtype.itemsize
        try:
            values: np.ndarray = np.fromfile(self.path, self.dtype, count, offset=place)
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"{self.path} cannot be read ({reason}); restore it") from None
        if len(values) < count:
            raise DataError(f"{self.path} is damaged (cut short); {REMEDY}")
        return values.reshape(self.shape)


def is_cache(root: Path) -> bool:
    """Whether a folder is a finished or unfinished cache."""
    return any(
        (root / name).exists() for name in (MANIFEST_NAME, PREPARING_NAME, block_names(0)[0])
    )


def block_names(block: int, *, labelled: bool = False) -> tuple[str, ...]:
    """Paths of a block's RGB, depth and (if labelled) classes, relative to the cache."""
    kinds = ("rgb", "depth", "labels")[: 2 + labelled]
    return tuple(f"{BLOCKS_NAME}/{block:05d}.{kind}.npy" for kind in kinds)


def _find_block(root: Path, manifest: Manifest, block: int) -> tuple[_BlockFile, ...]:
    """Find the arrays in a block's files, and check their headers against the manifest."""
    first = block * manifest.block_size
    count = min(manifest.block_size, len(manifest.native_sizes) - first)
    shape = (count, manifest.height, manifest.width)
    forms = (((*shape, 3), np.uint8), (shape, np.uint16), (shape, np.uint8))
    names = block_names(block, labelled=manifest.labelled)
    return tuple(
        _find_array(root / name, shape, np.dtype(dtype))
        for name, (shape, dtype) in zip(names, forms, strict=False)
    )


def _find_array(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> _BlockFile:
    try:
        array = np.lib.format.open_memmap(path, mode="r")  # unlike np.load, no archives
    except FileNotFoundError:
        raise DataError(f"{path} is missing; {REMEDY}") from None
    except (EOFError, ValueError) as error:  # NumPy's message may have several lines
        reason = str(error).splitlines()[0] if str(error) else "empty"
        raise DataError(f"{path} is damaged ({reason}); {REMEDY}") from None
    if (array.shape, array.dtype) != (shape, dtype):
        raise DataError(
            f"{path} holds {array.dtype} {array.shape} and the manifest says {dtype} {shape}; "
            f"{REMEDY}"
        )
    return _BlockFile(path, array.offset, shape[1:], dtype)


def read_manifest(root: Path) -> Manifest:
    """Read a cache's manifest.

    Raises:
        DataError: It is missing, damaged or of another version.
    """
    path = root / MANIFEST_NAME
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if values.get("schema", SCHEMA) != SCHEMA:
            raise DataError(
                f"{path} has schema {values['schema']} and this version reads {SCHEMA}; "
                "prepare the cache again with --overwrite"
            )
        manifest = Manifest(**unseal(values))
        if min(manifest.height, manifest.width, manifest.block_size) < 1:
            raise ValueError("height, width and block_size must be positive")
        if len(manifest.pixels) != len(manifest.native_sizes):
            raise ValueError("pixels and native_sizes must be as many")
    except DataError:
        raise
    except FileNotFoundError:
        if (root / PREPARING_NAME).exists():
            raise DataError(
                f"{root} is an unfinished cache; run the same `depth-unet prepare` again to "
                "complete it"
            ) from None
        raise DataError(f"{path} is missing; delete {root} and prepare it again") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({error}); prepare with --overwrite") from None
    return manifest
