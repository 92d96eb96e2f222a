"""One block of a cache: written whole, with a sidecar file that records its origin."""

import functools
import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depth_unet.data.cache import BLOCKS_NAME, block_names
from depth_unet.data.fit import fit_frame
from depth_unet.data.source import Original, hash_pixels
from depth_unet.files.atomic import replacing, write_text
from depth_unet.files.checksum import seal, sha256_of, unseal


class Content:
    """What a cache shall hold: the frames of a data set at one size.

    Two hashes of it are kept. Neither depends on where the files lie, how old they are, or how the
    data set is called.

    Args:
        source: The data set.
        size: Height and width of the frames.

    Attributes:
        request: Hash of the rows and their names; no file is read for it.
    """

    def __init__(self, source: Original, size: tuple[int, int]) -> None:
        self.source, self.size = source, size
        self._origin = functools.cache(source.origin)  # each file is read once
        self.request = self._hash(range(len(source.rows)), lambda _: "")

    def fingerprint(self, indices: Iterable[int]) -> str:
        """Hash of rows and of the content of their files.

        Raises:
            DataError: A file is missing or cannot be read.
        """
        return self._hash(indices, self._origin)

    def whole_fingerprint(self, pool: Executor) -> str:
        """The fingerprint of all rows; files that were not read yet are read in parallel."""
        everything = range(len(self.source.rows))
        for _ in pool.map(self._origin, everything):
            pass
        return self.fingerprint(everything)

    def _hash(self, indices: Iterable[int], origin: Callable[[int], str]) -> str:
        height, width = self.size
        info = replace(self.source.info, name="")
        digest = hashlib.sha256(f"{height}x{width} {info}".encode())
        for index in indices:
            digest.update(f"{self.source.rows[index]} {origin(index)}".encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRecord:
    """A finished block, as its sidecar file describes it.

    Attributes:
        origin: Fingerprint of the block's rows.
        native_sizes: Height and width of each frame before it was resized.
        pixels: ``hash_pixels`` of each frame before it was resized.
        checksums: SHA-256 of its files, by path relative to the cache.
    """

    origin: str
    native_sizes: list[list[int]]
    pixels: list[list[str]]
    checksums: dict[str, str]


def write_block(content: Content, out: Path, number: int, indices: list[int]) -> int:
    """Write block ``number`` of a cache, unless it exists; return how many frames it has.

    Args:
        content: What the cache shall hold.
        out: The cache.
        number: Which block.
        indices: Rows of the block's frames.

    Raises:
        DataError: A row cannot be used.
    """
    source, size = content.source, content.size
    # Taken before the frames are read: if a file changes in between, the next call reads it again.
    origin = content.fingerprint(indices)
    names = block_names(number, labelled=source.labelled)
    if _is_finished(out, number, origin, names):
        return len(indices)
    rgb = np.empty((len(indices), *size, 3), np.uint8)
    depth = np.empty((len(indices), *size), np.uint16)
    labels = np.empty((len(indices), *size), np.uint8)
    native_sizes, pixels = [], []
    for position, index in enumerate(indices):
        frame = source.read(index)
        stored = fit_frame(frame, *size)
        rgb[position], depth[position] = stored.image, stored.depth_mm
        if stored.labels is not None:
            labels[position] = stored.labels
        native_sizes.append(list(frame.depth_mm.shape))
        pixels.append(hash_pixels(frame))
    checksums = {}
    arrays: tuple[NDArray[Any], ...] = (rgb, depth, labels)
    for name, array in zip(names, arrays, strict=False):
        with replacing(out / name) as temporary:
            np.save(temporary, array)
            checksums[name] = sha256_of(temporary)
    record = BlockRecord(
        origin=origin, native_sizes=native_sizes, pixels=pixels, checksums=checksums
    )
    write_text(record_path(out, number), json.dumps(seal(asdict(record))) + "\n")
    return len(indices)


def record_path(out: Path, number: int) -> Path:
    """Path of a block's sidecar."""
    return out / BLOCKS_NAME / f"{number:05d}.json"


def read_record(out: Path, number: int) -> BlockRecord | None:
    """The sidecar of a block; None if it is missing or damaged."""
    try:
        return BlockRecord(**unseal(read_json_object(record_path(out, number))))
    except (TypeError, ValueError):
        return None


def read_json_object(path: Path) -> dict[str, Any]:
    """The content of a JSON file; empty if the file is missing or damaged."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _is_finished(out: Path, number: int, origin: str, names: tuple[str, ...]) -> bool:
    record = read_record(out, number)
    return (
        record is not None
        and record.origin == origin
        and tuple(record.checksums) == names
        and all(
            (out / name).is_file() and sha256_of(out / name) == checksum
            for name, checksum in record.checksums.items()
        )
    )
