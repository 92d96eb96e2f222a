"""One owner per output folder: a lock that the system releases when its process dies."""

import contextlib
import errno
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from depth_unet.errors import ConfigError, DataError
from depth_unet.files.atomic import TEMPORARY, make_folder, remove

LOCK_NAME = ".depth-unet.lock"
NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}  # some network folders


@contextlib.contextmanager
def own_folder(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Own ``folder`` until the block ends or the process dies; any other owner is refused.

    The lock is a file in the folder, so that it holds between all machines that see the folder,
    and moves along with it. The file is removed at the end. One that a killed process left is not
    locked, and does not matter. Reading a folder needs no ownership.

    Missing folders are made, and removed at the end if they are empty.

    Args:
        folder: Where a command is about to write.
        wait: Wait for another owner to end, instead of raising an error.

    Raises:
        ConfigError: Another process, or another block of this one, owns the folder.
        DataError: The folder cannot be made or written into.
    """
    made = [part for part in (folder, *folder.parents) if not part.exists()]
    lock = file_lock(folder / LOCK_NAME)
    try:
        _acquire(lock, folder, wait=wait)
        try:
            yield
        finally:
            # While it is locked: the next owner makes a new file. Windows refuses, and removes the
            # file when it is released.
            with contextlib.suppress(OSError):
                (folder / LOCK_NAME).unlink()
            lock.release()
    finally:
        with contextlib.suppress(OSError):
            for part in made:
                part.rmdir()


def contents(folder: Path) -> list[Path]:
    """What a folder holds besides its lock and the temporary files of killed processes."""
    return [
        path
        for path in folder.iterdir()
        if path.name != LOCK_NAME and not TEMPORARY.fullmatch(path.name)
    ]


def remove_all_leftovers(folder: Path) -> None:
    """Remove what killed processes left in an owned folder and below it.

    Folders in it that another command owns, or did when it was killed, are not entered.
    """
    for name, folders, files in os.walk(folder):
        parent = Path(name)
        if parent != folder and LOCK_NAME in files:
            folders.clear()
            continue
        for child in (*folders, *files):
            if TEMPORARY.fullmatch(child):
                remove(parent / child)


def file_lock(path: Path) -> FileLock:
    """A lock on a file, not yet held; the system releases it if its process dies.

    Its folder is made; the file is not removed when the lock is released.
    """
    make_folder(path.parent)
    # The fallback of the library is a file that a killed process on another machine leaves locked.
    return FileLock(path, fallback_to_soft=False)


def _acquire(lock: FileLock, folder: Path, *, wait: bool) -> None:
    try:
        lock.acquire(blocking=wait)
    except Timeout:
        raise ConfigError(
            f"another command is writing into {folder}; wait until it ends, or choose another "
            "output folder"
        ) from None
    except OSError as error:
        if error.errno in NOT_WRITABLE:
            raise DataError(
                f"cannot write into {folder}: {os.strerror(error.errno or 0)}; choose another "
                "output folder"
            ) from None
        if error.errno not in NO_LOCKS:
            raise
        warnings.warn(
            f"{folder} is on a file system without locks, so a second command that writes into it "
            "is not refused; start only one",
            stacklevel=4,
        )
