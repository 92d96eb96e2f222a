"""Decode and resize a data set once, so that training never waits for it again."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depth_unet.atomic import copy_file, make_folder, replacing, write_text
from depth_unet.data.cache import (
    MANIFEST_NAME,
    CacheSource,
    Manifest,
    block_names,
    manifest_json,
    read_manifest,
    sha256_of,
)
from depth_unet.data.decode import check_headers
from depth_unet.data.source import PairsSource
from depth_unet.errors import DataError
from depth_unet.layout import write_index, write_info
from depth_unet.resize import resize_depth, resize_image

BLOCK_BYTES = 16 * 2**20
BYTES_PER_PIXEL = 5  # three of RGB, two of depth
CLAIM_NAME = "preparing.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRecord:
    """A finished block, as the sidecar file beside it states it.

    Attributes:
        native_sizes: Height and width of each frame before it was resized.
        checksums: SHA-256 of its two files, by path relative to the cache.
    """

    native_sizes: list[list[int]]
    checksums: dict[str, str]


def prepare(
    source: PairsSource,
    out: Path,
    *,
    height: int,
    width: int,
    overwrite: bool = False,
    workers: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> CacheSource:
    """Write a cache of ``source`` into ``out``; interrupted, the same call goes on.

    Every file's header is checked before anything is written. Finished blocks are recognised by
    their checksums and kept; the manifest comes last.

    Args:
        source: A folder in the pairs layout.
        out: The folder to write; made if missing.
        height: Rows of the prepared frames.
        width: Columns of the prepared frames.
        overwrite: Replace a cache of other content.
        workers: Threads; 0 takes one per core.
        progress: Called with the number of frames done and of all frames.

    Returns:
        The finished cache.

    Raises:
        DataError: A pair cannot be used, or ``out`` holds something else.
    """
    rows = source.rows
    blocked = [index for index, row in enumerate(rows) if row.official_split != "test"]
    native = [index for index, row in enumerate(rows) if row.official_split == "test"]
    block_size = max(1, BLOCK_BYTES // (height * width * BYTES_PER_PIXEL))
    blocks = [blocked[start : start + block_size] for start in range(0, len(blocked), block_size)]
    fingerprint = _fingerprint(source, height, width)
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        checks = [pool.submit(_check_header, source, index) for index in range(len(rows))]
        for _ in _results(checks):
            pass
        _claim(out, fingerprint, overwrite=overwrite)
        tasks = [
            pool.submit(_write_block, source, out, number, block, (height, width))
            for number, block in enumerate(blocks)
        ]
        tasks += [pool.submit(_copy_native, source, out, index) for index in native]
        done = 0
        for count in _results(tasks):
            done += count
            progress(done, len(rows))
    shape = {"height": height, "width": width, "block_size": block_size}
    _complete(source, out, _manifest(out, len(blocks), fingerprint, shape))
    return CacheSource(out)


def _manifest(out: Path, num_blocks: int, fingerprint: str, shape: dict[str, int]) -> Manifest:
    """Gather the sidecars of all blocks."""
    records = [record for number in range(num_blocks) if (record := _read_record(out, number))]
    assert len(records) == num_blocks
    return Manifest(
        fingerprint=fingerprint,
        **shape,
        native_sizes=[size for record in records for size in record.native_sizes],
        checksums={
            name: checksum for record in records for name, checksum in record.checksums.items()
        },
    )


def _complete(source: PairsSource, out: Path, manifest: Manifest) -> None:
    """Write what makes the folder a cache; the manifest last."""
    write_index(out, source.rows)
    write_info(out, source.info)
    write_text(out / MANIFEST_NAME, manifest_json(manifest))
    (out / CLAIM_NAME).unlink(missing_ok=True)


def _claim(out: Path, fingerprint: str, *, overwrite: bool) -> None:
    """Make sure that ``out`` is ours: new, or begun earlier with the same content."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        held = None
    elif (out / MANIFEST_NAME).is_file():
        held = read_manifest(out).fingerprint
    elif (out / CLAIM_NAME).is_file():
        held = json.loads((out / CLAIM_NAME).read_text(encoding="utf-8"))["fingerprint"]
    elif out.is_dir():
        raise DataError(f"{out} is not empty and not a cache; choose another output folder")
    else:
        raise DataError(f"{out} is a file, not a folder; choose another output path")
    if held not in (None, fingerprint):
        if not overwrite:
            raise DataError(
                f"{out} holds a cache of other data or another size; "
                "choose another folder, or replace it with --overwrite"
            )
        shutil.rmtree(out)
    make_folder(out / "blocks")
    write_text(out / CLAIM_NAME, json.dumps({"fingerprint": fingerprint}) + "\n")
    (out / MANIFEST_NAME).unlink(missing_ok=True)


def _fingerprint(source: PairsSource, height: int, width: int) -> str:
    """Hash of everything that decides the content, files by their name and length."""
    digest = hashlib.sha256(f"{height}x{width} {source.info}".encode())
    for row in source.rows:
        lengths = [(source.root / name).stat().st_size for name in (row.rgb, row.depth)]
        digest.update(f"{row} {lengths}".encode())
    return digest.hexdigest()


def _check_header(source: PairsSource, index: int) -> None:
    row = source.rows[index]
    check_headers(source.root / row.rgb, source.root / row.depth)


def _write_block(
    source: PairsSource, out: Path, number: int, indices: list[int], size: tuple[int, int]
) -> int:
    record = _read_record(out, number)
    if record and all(
        (out / name).is_file() and sha256_of(out / name) == checksum
        for name, checksum in record.checksums.items()
    ):
        return len(indices)
    rgb = np.empty((len(indices), *size, 3), np.uint8)
    depth = np.empty((len(indices), *size), np.uint16)
    native_sizes = []
    for position, index in enumerate(indices):
        frame = source.read(index)
        rgb[position] = resize_image(frame.image, *size)
        depth[position] = resize_depth(frame.depth_mm, *size)
        native_sizes.append(list(frame.depth_mm.shape))
    checksums = {}
    arrays: tuple[NDArray[Any], ...] = (rgb, depth)
    for name, array in zip(block_names(number), arrays, strict=True):
        with replacing(out / name) as temporary:
            np.save(temporary, array)
            checksums[name] = sha256_of(temporary)
    record = BlockRecord(native_sizes=native_sizes, checksums=checksums)
    write_text(_record_path(out, number), json.dumps(asdict(record)) + "\n")
    return len(indices)


def _copy_native(source: PairsSource, out: Path, index: int) -> int:
    row = source.rows[index]
    for name in (row.rgb, row.depth):
        if not (out / name).is_file():
            copy_file(source.root / name, out / name)
    return 1


def _record_path(out: Path, number: int) -> Path:
    return out / "blocks" / f"{number:05d}.json"


def _read_record(out: Path, number: int) -> BlockRecord | None:
    path = _record_path(out, number)
    if not path.is_file():
        return None
    return BlockRecord(**json.loads(path.read_text(encoding="utf-8")))


def _results(tasks: list[Future[Any]]) -> Iterator[Any]:
    """Results as they come; the first error cancels what has not begun."""
    try:
        for task in as_completed(tasks):
            yield task.result()
    except BaseException:
        for task in tasks:
            task.cancel()
        raise
