"""File locks in a search's folder; the system frees them when their process dies."""

from pathlib import Path

from filelock import FileLock

from depth_unet.files.atomic import make_folder

LOCKS_NAME = "locks"


def gate(out: Path) -> FileLock:
    """The lock under which the study stands still."""
    return file_lock(out, "study")


def file_lock(out: Path, name: str) -> FileLock:
    """A lock of the search in the folder ``out``, not yet held."""
    make_folder(out / LOCKS_NAME)
    return FileLock(out / LOCKS_NAME / f"{name}.lock")
