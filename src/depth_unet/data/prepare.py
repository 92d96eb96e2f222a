"""Decode and resize a data set once, so that training need not do it again."""

import json
import os
import re
import shutil
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from depth_unet.data.blocks import Content, read_json_object, read_record, write_block
from depth_unet.data.cache import (
    BLOCKS_NAME,
    MANIFEST_NAME,
    PREPARING_NAME,
    CacheSource,
    Manifest,
    block_names,
    read_manifest,
)
from depth_unet.data.info import INFO_NAME, write_info
from depth_unet.data.layout import INDEX_NAME, OnBad, check_path, plain_name, write_index
from depth_unet.data.source import Frame, Original
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.atomic import make_folder, write_bytes, write_text
from depth_unet.files.checksum import seal
from depth_unet.files.owner import contents, remove_all_leftovers

BLOCK_BYTES = 16 * 2**20
BYTES_PER_PIXEL = 5  # three of RGB, two of depth
UNLISTED = re.compile(r"[\0\r\n\ud800-\udfff]")  # in no line of a CSV file in UTF-8
OUR_BLOCK_FILE = re.compile(r"\.?\d{5,}\..*(npy|json)")


class Subset(Original):
    """Some rows of a data set in order. They have been read, so ``check`` does nothing."""

    def __init__(self, source: Original, indices: Sequence[int]) -> None:
        self.source, self.indices = source, list(indices)
        self.root, self.info, self.labelled = source.root, source.info, source.labelled
        self.rows = [source.rows[index] for index in self.indices]

    def read(self, index: int) -> Frame:
        """See ``Source.read``."""
        return self.source.read(self.indices[index])

    def origin(self, index: int) -> str:
        """See ``Original.origin``."""
        return self.source.origin(self.indices[index])

    def native_files(self, index: int) -> tuple[bytes, bytes]:
        """See ``Original.native_files``."""
        return self.source.native_files(self.indices[index])


def skip_bad(
    source: Original,
    on_bad: OnBad,
    *,
    workers: int = 0,
    progress: Callable[[], None] = lambda: None,
) -> Subset:
    """Read every pair once and keep those that can be read.

    Args:
        source: The data set.
        on_bad: Called with the error of each of the others.
        workers: Threads; 0 takes one per core.
        progress: Called after every pair.

    Raises:
        DataError: None can be read.
    """

    def find_error(index: int) -> DataError | None:
        try:
            source.read(index)
        except DataError as error:
            return error
        return None

    kept = []
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        for index, error in enumerate(pool.map(find_error, range(len(source.rows)))):
            progress()
            if error is None:
                kept.append(index)
            else:
                on_bad(error)
    if not kept:
        raise DataError(
            f"none of the {len(source.rows)} pairs of {source.root} can be "
            "read; run `depth-unet inspect` to see why"
        )
    return Subset(source, kept)


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
    """Write a cache of ``source`` into ``out``; the same call completes an interrupted one.

    The headers of files in the pairs layout are checked before anything is written. Finished
    blocks are recognised by checksums, of the files that they were made from and of their own, and
    kept: a repaired file costs only its own block. The manifest is written last.

    Args:
        source: A data set in any form but a cache.
        out: The folder to write; made if missing.
        height: Rows of the prepared frames; margins beyond the aspect ratio are cut off.
        width: Columns of the prepared frames.
        overwrite: Replace a cache of other content.
        workers: Threads; 0 takes one per core.
        progress: Called with the number of frames done and of all frames.

    Raises:
        ConfigError: The number of threads is negative.
        DataError: A pair cannot be used, or ``out`` holds other files.
    """
    if workers < 0:
        raise ConfigError(f"workers is {workers}; give a number of threads, or 0 for one per core")
    rows = source.rows
    blocked = [index for index, row in enumerate(rows) if row.official_split != "test"]
    native = [index for index, row in enumerate(rows) if row.official_split == "test"]
    block_size = max(1, BLOCK_BYTES // (height * width * BYTES_PER_PIXEL))
    blocks = [blocked[start : start + block_size] for start in range(0, len(blocked), block_size)]
    content = Content(source, (height, width))
    _check_names(source, native, len(blocks))
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        replaces = _must_replace(content, out, pool, overwrite=overwrite)
        source.check(range(len(rows)))
        _start(out, content.request, replaces=replaces)
        tasks = [
            pool.submit(write_block, content, out, number, block)
            for number, block in enumerate(blocks)
        ]
        tasks += [pool.submit(_copy_native, source, out, index) for index in native]
        done = 0
        for count in _results(pool, tasks):
            done += count
            progress(done, len(rows))
        fingerprint = content.whole_fingerprint(pool)
    _complete(source, out, len(blocks), fingerprint, (height, width, block_size))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were shown when the source was opened
        return CacheSource(out)


def _start(out: Path, request: str, *, replaces: bool) -> None:
    """Make ``out`` an unfinished cache."""
    if replaces:
        for path in contents(out):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    write_text(out / PREPARING_NAME, json.dumps({"request": request}) + "\n")
    make_folder(out / BLOCKS_NAME)
    remove_all_leftovers(out)
    (out / MANIFEST_NAME).unlink(missing_ok=True)


def _complete(
    source: Original, out: Path, num_blocks: int, fingerprint: str, shape: tuple[int, int, int]
) -> None:
    """Turn the unfinished cache into a finished one; the manifest is written last."""
    records = [record for number in range(num_blocks) if (record := read_record(out, number))]
    assert len(records) == num_blocks
    height, width, block_size = shape
    manifest = Manifest(
        fingerprint=fingerprint,
        height=height,
        width=width,
        block_size=block_size,
        labelled=source.labelled,
        native_sizes=[size for record in records for size in record.native_sizes],
        pixels=[hashes for record in records for hashes in record.pixels],
        checksums={
            name: checksum for record in records for name, checksum in record.checksums.items()
        },
    )
    write_index(out, source.rows)
    write_info(out, source.info)
    write_text(out / MANIFEST_NAME, json.dumps(seal(asdict(manifest))) + "\n")
    (out / PREPARING_NAME).unlink(missing_ok=True)


def _check_names(source: Original, native: list[int], num_blocks: int) -> None:
    """Refuse frames that the index cannot list, and copies that would overwrite another file."""
    for row in source.rows:
        for name in (row.rgb, row.depth):
            if UNLISTED.search(row.room_group) or not _can_be_listed(name):
                raise DataError(
                    f"{source.root} has a frame {name!r} in room {row.room_group!r}, which a cache "
                    "cannot list; rename them: no paths out of the data set, line breaks, NUL, "
                    "backslashes, or spaces at an end"
                )
    taken = {INDEX_NAME, INFO_NAME, MANIFEST_NAME, PREPARING_NAME, BLOCKS_NAME}
    for number in range(num_blocks):
        taken |= {*block_names(number, labelled=True), f"{BLOCKS_NAME}/{number:05d}.json"}
    photos = [plain_name(row.rgb) for row in source.rows]
    depths = {plain_name(source.rows[index].depth) for index in native}  # photos may share one
    for name in (*depths, *(photos[index] for index in native)):
        if name.lower() in taken:
            raise DataError(f"{source.root / name} has a name that the cache needs; rename it")
    for name, count in Counter(photos).items():
        if count > 1 or name in depths:
            raise DataError(f"{source.root} has {name} twice; rename one of them")


def _can_be_listed(name: str) -> bool:
    try:
        return check_path(name, "") == name and not UNLISTED.search(name)
    except DataError:
        return False


def _must_replace(content: Content, out: Path, pool: Executor, *, overwrite: bool) -> bool:
    """Whether the content of ``out`` must be deleted first; an error if it must be kept.

    A finished cache must be of files of the same content, and an unfinished one of the same names,
    since a file may have been repaired.
    """
    root = content.source.root.resolve()
    here = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not here.is_dir():
        raise DataError(f"{out}: {here} is a file, not a folder; choose another output path")
    if out.resolve() in (root, *root.parents):
        raise DataError(f"{out} holds the data set itself; choose another output folder")
    if here != out or not contents(out):
        return False
    if (out / MANIFEST_NAME).is_file():
        try:
            same = read_manifest(out).fingerprint == content.whole_fingerprint(pool)
        except DataError:
            if not overwrite or not _looks_like_ours(out):
                raise
            return True
        replaceable = overwrite
    elif (out / PREPARING_NAME).is_file() and _looks_like_ours(out):
        held = read_json_object(out / PREPARING_NAME)
        same = held.get("request") == content.request
        none_finished = not any((out / BLOCKS_NAME).glob("*.json"))
        replaceable = overwrite or not held or none_finished
    else:
        raise DataError(f"{out} is not empty and not a cache; choose another output folder")
    if not same and not replaceable:
        raise DataError(
            f"{out} holds a cache of other data or another size, with other classes, or of files "
            "that have changed since; choose another folder, or replace it with --overwrite"
        )
    return not same


def _looks_like_ours(out: Path) -> bool:
    """Whether a folder is a cache although its manifest or identity cannot be read."""
    blocks = out / BLOCKS_NAME
    if not blocks.is_dir():  # killed between the first file and the folder of blocks
        return [path.name for path in contents(out)] == [PREPARING_NAME]
    described = (out / PREPARING_NAME).is_file() or (out / INDEX_NAME).is_file()
    return described and all(OUR_BLOCK_FILE.fullmatch(path.name) for path in blocks.iterdir())


def _copy_native(source: Original, out: Path, index: int) -> int:
    row = source.rows[index]
    for name, data in zip((row.rgb, row.depth), source.native_files(index), strict=True):
        copy = out / name
        if not copy.is_file() or copy.read_bytes() != data:
            write_bytes(copy, data)
    return 1


def _results(pool: ThreadPoolExecutor, tasks: list[Future[int]]) -> Iterator[int]:
    """Results as they come; the first error cancels the tasks not yet started."""
    try:
        for task in as_completed(tasks):
            yield task.result()
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
