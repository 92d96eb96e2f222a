"""Atomic writes: files are written under a temporary name, then renamed."""

import errno
import os
import re
import shutil
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from depth_unet.errors import DataError

TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.part(\..*)?")
"""Names that ``replacing`` writes under; a killed process leaves such files."""
_LEFTOVER = re.compile(r"\.(?P<stem>.+)\.[0-9a-f]{8}(\.old)?\.part(?P<suffix>(\..*)?)")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path with the same suffix; rename it to ``path`` if the block succeeds.

    The content is flushed to the disk first, so that a power cut leaves the old file or the new
    one. The new file's mode follows the umask. Missing parent folders are made.

    Raises:
        DataError: A parent of ``path`` is a regular file, or the folder cannot be made or written.
        OSError: Writing failed; the error names ``path``.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.stem}.{os.urandom(4).hex()}.part{path.suffix}")
    try:
        with naming(path, temporary):
            mode = _new_file_mode(temporary)
            yield temporary
            temporary.chmod(mode)
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """As ``replacing``, for a folder; the temporary folder is empty."""
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    old = temporary.with_suffix(".old.part")
    try:
        with naming(path, temporary):
            temporary.mkdir()
            yield temporary
            try:
                if path.exists():
                    path.rename(old)
                temporary.rename(path)
            except BaseException:
                if old.exists() and not path.exists():
                    old.rename(path)
                raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def naming(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """Let errors of writing name ``path``, where they name its temporary file or no file.

    Args:
        path: The file or folder that users know.
        temporary: The file or folder that is written in its place.
    """
    try:
        yield
    except OSError as error:
        written = str(temporary or path)
        name = written if error.filename is None else str(error.filename)
        if not (name + os.sep).startswith(written + os.sep):
            raise
        reason = error.strerror or f"{error}; the disk may be full"  # NumPy gives no strerror
        name = str(path) + name.removeprefix(written)
        raise OSError(error.errno or errno.EIO, reason, name) from None


def remove_leftovers(paths: Iterable[Path]) -> None:
    """Remove what killed processes left of files and folders, which nobody may be writing.

    Args:
        paths: What is going to be written. Temporary files of other names stay.
    """
    names = defaultdict[Path, set[str]](set)
    for path in paths:
        names[path.parent].add(path.name)
    for folder, wanted in names.items():
        for found in folder.iterdir() if folder.is_dir() else ():
            match = _LEFTOVER.fullmatch(found.name)
            if match is None or match["stem"] + match["suffix"] not in wanted:
                continue
            remove(found)


def remove(path: Path) -> None:
    """Remove a file, or a folder with everything in it; it may be gone already."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _new_file_mode(path: Path) -> int:
    """The mode of a new file; reading the umask directly would change it."""
    path.touch(mode=0o666, exist_ok=False)
    mode = stat.S_IMODE(path.stat().st_mode)
    path.unlink()
    return mode


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data``, atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def copy_file(source: Path, path: Path) -> None:
    """Copy the bytes of ``source``, atomically."""
    with replacing(path) as temporary:
        shutil.copyfile(source, temporary)


def make_folder(folder: Path) -> None:
    """Make ``folder`` and its parents.

    Raises:
        DataError: Part of the path is a regular file, or is not writable.
    """
    check_writable(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise DataError(
            f"cannot make folder {folder}: {reason}; choose another output path"
        ) from None


def check_writable(folder: Path) -> None:
    """Check that a folder can be made or written, without doing so.

    Raises:
        DataError: Part of the path is a regular file, or is not writable.
    """
    for part in (folder, *folder.parents):
        if part.is_dir():
            if not os.access(part, os.W_OK | os.X_OK):
                raise DataError(
                    f"cannot write into {folder}: {part} is read-only or belongs to others; "
                    "choose another output path"
                )
            return
        # is_dir() again: another process or thread may have made the folder in between.
        if part.exists() and not part.is_dir():
            raise DataError(
                f"cannot write into {folder}: {part} is a file, not a folder; "
                "choose another output path"
            )
