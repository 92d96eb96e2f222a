"""Decode and resize a data set once, so that training never waits for it again."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path, PurePosixPath
from typing import Any

from depth_unet.data.blocks import content_hash, read_object, read_record, write_block
from depth_unet.data.cache import (
    BLOCKS_NAME,
    CLAIM_NAME,
    MANIFEST_NAME,
    CacheSource,
    Manifest,
    block_names,
    manifest_json,
    read_manifest,
)
from depth_unet.data.layout import INDEX_NAME, INFO_NAME, write_index, write_info
from depth_unet.data.source import Original
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.atomic import make_folder, write_bytes, write_text

BLOCK_BYTES = 16 * 2**20
BYTES_PER_PIXEL = 5  # three of RGB, two of depth
OUR_BLOCK_FILE = re.compile(r"\.?\d{5,}\..*(npy|json)")


def prepare(
    source: Original,
    out: Path,
    *,
    height: int,
    width: int,
    overwrite: bool = False,
    workers: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> CacheSource:
    """Write a cache of ``source`` into ``out``; interrupted, the same call goes on.

    The headers of a pairs layout's files are checked before anything is written. Finished blocks
    are recognised by their origin and checksums and kept, so a repaired file costs its own block
    only; the manifest comes last.

    Args:
        source: A data set in any form but a cache.
        out: The folder to write; made if missing.
        height: Rows of the prepared frames; margins beyond the aspect ratio are cut off.
        width: Columns of the prepared frames.
        overwrite: Replace a cache of other content.
        workers: Threads; 0 takes one per core.
        progress: Called with the number of frames done and of all frames.

    Returns:
        The finished cache.

    Raises:
        ConfigError: The number of threads is negative.
        DataError: A pair cannot be used, or ``out`` holds something else.
    """
    if workers < 0:
        raise ConfigError(f"workers is {workers}; give a number of threads, or 0 for one per core")
    rows, size = source.rows, (height, width)
    blocked = [index for index, row in enumerate(rows) if row.official_split != "test"]
    native = [index for index, row in enumerate(rows) if row.official_split == "test"]
    block_size = max(1, BLOCK_BYTES // (height * width * BYTES_PER_PIXEL))
    blocks = [blocked[start : start + block_size] for start in range(0, len(blocked), block_size)]
    everything = range(len(rows))
    claim = {
        "fingerprint": content_hash(source, everything, size),
        "request": content_hash(source, everything, size, lengths=False),
    }
    _check_names(source, native, len(blocks))
    starts_anew = _starts_anew(source, out, claim, overwrite=overwrite)
    source.check(everything)
    _claim(out, claim, starts_anew=starts_anew)
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        tasks = [
            pool.submit(write_block, source, out, number, block, size)
            for number, block in enumerate(blocks)
        ]
        tasks += [pool.submit(_copy_native, source, out, index) for index in native]
        done = 0
        for count in _results(tasks):
            done += count
            progress(done, len(rows))
    shape = {"height": height, "width": width, "block_size": block_size}
    _complete(source, out, _manifest(source, out, len(blocks), claim["fingerprint"], shape))
    return CacheSource(out, quiet=True)


def _manifest(
    source: Original, out: Path, num_blocks: int, fingerprint: str, shape: dict[str, int]
) -> Manifest:
    """Gather the sidecars of all blocks."""
    records = [record for number in range(num_blocks) if (record := read_record(out, number))]
    assert len(records) == num_blocks
    return Manifest(
        fingerprint=fingerprint,
        labelled=source.labelled,
        **shape,
        native_sizes=[size for record in records for size in record.native_sizes],
        checksums={
            name: checksum for record in records for name, checksum in record.checksums.items()
        },
    )


def _complete(source: Original, out: Path, manifest: Manifest) -> None:
    """Write what makes the folder a cache; the manifest last."""
    write_index(out, source.rows)
    write_info(out, source.info)
    write_text(out / MANIFEST_NAME, manifest_json(manifest))
    (out / CLAIM_NAME).unlink(missing_ok=True)


def _check_names(source: Original, native: list[int], num_blocks: int) -> None:
    """Refuse test files whose copies would stand in the place of the cache's own files."""
    ours = {INDEX_NAME, INFO_NAME, MANIFEST_NAME, CLAIM_NAME, BLOCKS_NAME}
    for number in range(num_blocks):
        ours |= {*block_names(number, labelled=True), f"{BLOCKS_NAME}/{number:05d}.json"}
    for index in native:
        for name in (source.rows[index].rgb, source.rows[index].depth):
            if PurePosixPath(name).as_posix().lower() in ours:
                raise DataError(f"{source.root / name} has a name that the cache needs; rename it")


def _starts_anew(source: Original, out: Path, claim: dict[str, str], *, overwrite: bool) -> bool:
    """Whether what ``out`` holds must go; an error where it must not. Nothing is written."""
    here = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not here.is_dir():
        raise DataError(f"{out}: {here} is a file, not a folder; choose another output path")
    if out.resolve() in (source.root.resolve(), *source.root.resolve().parents):
        raise DataError(f"{out} holds the data set itself; choose another output folder")
    if here != out or not any(out.iterdir()):
        return False
    if (out / MANIFEST_NAME).is_file():
        try:
            same = read_manifest(out).fingerprint == claim["fingerprint"]
        except DataError:
            if not overwrite or not _looks_like_ours(out):
                raise
            return True
        replaceable = overwrite
    elif (out / CLAIM_NAME).is_file() and _looks_like_ours(out):
        held = read_object(out / CLAIM_NAME)
        same = any(held.get(key) == value for key, value in claim.items())
        none_finished = not any((out / BLOCKS_NAME).glob("*.json"))
        replaceable = overwrite or not held or none_finished
    else:
        raise DataError(f"{out} is not empty and not a cache; choose another output folder")
    if not same and not replaceable:
        raise DataError(
            f"{out} holds a cache of other data or another size, or one with other classes; "
            "choose another folder, or replace it with --overwrite"
        )
    return not same


def _looks_like_ours(out: Path) -> bool:
    """Whether a folder whose manifest or claim cannot be read is a cache all the same."""
    blocks = out / BLOCKS_NAME
    if not blocks.is_dir():
        return False
    described = (out / CLAIM_NAME).is_file() or (out / INDEX_NAME).is_file()
    return described and all(OUR_BLOCK_FILE.fullmatch(path.name) for path in blocks.iterdir())


def _claim(out: Path, claim: dict[str, str], *, starts_anew: bool) -> None:
    """Make ``out`` an unfinished cache of ours."""
    if starts_anew:
        shutil.rmtree(out)
    make_folder(out / BLOCKS_NAME)
    write_text(out / CLAIM_NAME, json.dumps(claim) + "\n")
    (out / MANIFEST_NAME).unlink(missing_ok=True)


def _copy_native(source: Original, out: Path, index: int) -> int:
    row = source.rows[index]
    for name, data in zip((row.rgb, row.depth), source.native_files(index), strict=True):
        copy = out / name
        if not copy.is_file() or copy.read_bytes() != data:
            write_bytes(copy, data)
    return 1


def _results(tasks: list[Future[Any]]) -> Iterator[Any]:
    """Results as they come; the first error cancels what has not begun."""
    try:
        for task in as_completed(tasks):
            yield task.result()
    except BaseException:
        for task in tasks:
            task.cancel()
        raise
