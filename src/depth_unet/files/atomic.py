"""Files that are whole or not there: written under a temporary name, then renamed."""

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from depth_unet.errors import DataError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` when the block succeeds.

    Before the rename the content is on the disk, so that a power cut leaves the old file or the
    new one; the new file's mode follows the umask, whatever the writer made of it.

    Args:
        path: The file to write; missing parent folders are made. An existing file is replaced.

    Yields:
        A path in the same folder with the same suffix (image writers choose the format by it).

    Raises:
        DataError: A parent of ``path`` is a regular file, or the folder cannot be made.
        OSError: Not all of it could be written; ``path`` is named.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        mode = _new_file_mode(temporary)
        yield temporary
        temporary.chmod(mode)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.filename is not None:
            raise
        reason = error.strerror or f"{error}; the disk may be full"  # NumPy's errors have none
        raise OSError(error.errno or errno.EIO, reason, str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``; rename it to ``path`` when the block succeeds.

    Args:
        path: The folder to write; missing parents are made. An existing one is replaced.

    Yields:
        An empty folder.

    Raises:
        DataError: As ``replacing``.
        OSError: It could not be renamed.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    old = temporary.with_suffix(".old.part")
    try:
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


def remove_leftovers(path: Path) -> None:
    """Remove what a killed process left of ``path``; nobody else may be writing it."""
    sign = r"\.[0-9a-f]{8}(\.old)?\.part"
    names = [
        f"{re.escape(path.stem)}{sign}{re.escape(path.suffix)}",
        f"{re.escape(path.name)}{sign}",
    ]
    form = re.compile(rf"\.({'|'.join(names)})")
    if not path.parent.is_dir():
        return
    for found in path.parent.iterdir():
        if not form.fullmatch(found.name):
            continue
        if found.is_dir():
            shutil.rmtree(found, ignore_errors=True)
        else:
            found.unlink(missing_ok=True)


def _new_file_mode(path: Path) -> int:
    """The mode of a file made at ``path``; asking the system for the umask would change it."""
    path.touch(mode=0o666, exist_ok=False)
    mode = stat.S_IMODE(path.stat().st_mode)
    path.unlink()
    return mode


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data``, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def copy_file(source: Path, path: Path) -> None:
    """Copy the bytes of ``source``, whole or not at all."""
    with replacing(path) as temporary:
        shutil.copyfile(source, temporary)


def make_folder(folder: Path) -> None:
    """Make ``folder`` and its parents.

    Raises:
        DataError: Part of the path is a regular file, or may not be written.
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
    """Refuse a folder that cannot be made, before any work is done; nothing is made yet.

    Raises:
        DataError: Part of the path is a regular file.
    """
    for part in (folder, *folder.parents):
        if part.is_dir():
            return
        # Asked again: another process or thread may have made the folder in between.
        if part.exists() and not part.is_dir():
            raise DataError(
                f"cannot write into {folder}: {part} is a file, not a folder; "
                "choose another output path"
            )
