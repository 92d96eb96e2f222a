"""A folder with one 16-bit PNG file per frame of a video."""

from pathlib import Path

from depth_unet.errors import DataError
from depth_unet.outputs.statement import is_own

TIMES_NAME = "times.csv"
TIMES_HEADER = "frame,time_s\n"


def is_complete(folder: Path) -> bool:
    """Whether the folder holds all frames of a video: the list of times is written last."""
    return (folder / TIMES_NAME).exists()


def check_replaceable(folder: Path) -> None:
    """Check that a path is free, or a folder of frames that we wrote, which may be replaced.

    Hidden files, such as those that file managers write, do not count.

    Raises:
        DataError: There is a file, or a folder that holds other files.
    """
    if folder.is_dir():
        other = next((path for path in folder.iterdir() if not _is_ours(path)), None)
    else:
        other = folder if folder.exists() else None
    if other is not None:
        raise DataError(
            f"{other} was not written by predict and is never replaced; move it, or use another "
            "--out"
        )


def _is_ours(path: Path) -> bool:
    is_hidden_file = path.name[0] == "." and path.is_file()
    return is_hidden_file or is_own(path) or _is_times(path)


def _is_times(path: Path) -> bool:
    if path.name != TIMES_NAME or not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(TIMES_HEADER)) == TIMES_HEADER.encode()
