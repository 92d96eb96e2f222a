"""Files that are whole or not there: written under a temporary name, then renamed."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from depth_unet.errors import DataError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` when the block succeeds.

    Args:
        path: The file to write; missing parent folders are made. An existing file is replaced.

    Yields:
        A path in the same folder with the same suffix (image writers choose the format by it).

    Raises:
        DataError: A parent of ``path`` is a regular file, or the folder cannot be made.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        blocker = next(
            part for part in (folder, *folder.parents) if part.exists() and not part.is_dir()
        )
        raise DataError(
            f"cannot write into {folder}: {blocker} is a file, not a folder; "
            "choose another output path"
        ) from None
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise DataError(
            f"cannot make folder {folder}: {reason}; choose another output path"
        ) from None
