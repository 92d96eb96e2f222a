"""A folder with one 16-bit PNG file per frame of a video."""

from pathlib import Path

from depth_unet.errors import DataError
from depth_unet.outputs.statement import is_own

TIMES_NAME = "times.csv"
TIMES_HEADER = "frame,time_s\n"


def is_complete(folder: Path) -> bool:
    """Whether the folder holds all frames of a video: the list of times is written last."""
    return (folder / TIMES_NAME).exists()


def has_only_frames(folder: Path) -> bool:
    """Whether a path is a folder of frames that we wrote, with their list of times, or empty."""
    return folder.is_dir() and all(is_own(path) or _is_times(path) for path in folder.iterdir())


def check_replaceable(folder: Path) -> None:
    """Check that a path is free or a folder of frames, which may be replaced.

    Raises:
        DataError: There is a file, or a folder that holds other files.
    """
    if folder.exists() and not has_only_frames(folder):
        raise DataError(
            f"{folder} is not a folder of predicted frames, and is not replaced; use another --out"
        )


def _is_times(path: Path) -> bool:
    if path.name != TIMES_NAME or not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(TIMES_HEADER)) == TIMES_HEADER.encode()
