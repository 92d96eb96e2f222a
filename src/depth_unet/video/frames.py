"""A folder with a 16-bit PNG file per frame of a video: what is in it, and when it is complete."""

import re
from pathlib import Path

from depth_unet.errors import DataError

TIMES_NAME = "times.csv"
OF_FRAMES = re.compile(r"\d{6,}\.png|times\.csv")


def is_complete(folder: Path) -> bool:
    """Whether all frames are there; a folder of that name may also be somebody's photos."""
    return (folder / TIMES_NAME).exists()


def check_replaceable(folder: Path) -> None:
    """Refuse to write in the place of anything but such a folder.

    Raises:
        DataError: A file is there, or a folder with other things in it.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder} is a file, and frames need a folder; choose another --out")
    other = next((p.name for p in folder.iterdir() if not OF_FRAMES.fullmatch(p.name)), None)
    if other is not None:
        raise DataError(f"{folder} holds {other}, which is no frame; choose another --out")
