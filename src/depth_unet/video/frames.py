"""A folder with one 16-bit PNG file per frame of a video."""

import re
from pathlib import Path

from depth_unet.errors import DataError

TIMES_NAME = "times.csv"
FRAME_NAME = re.compile(r"\d{6,}\.png|times\.csv")


def is_complete(folder: Path) -> bool:
    """Whether the folder holds all frames of a video: the list of times is written last."""
    return (folder / TIMES_NAME).exists()


def check_replaceable(folder: Path) -> None:
    """Check that a path is free or a folder of frames, which may be replaced.

    Raises:
        DataError: There is a file, or a folder that holds other files.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder} is a file, but frames need a folder; use another --out")
    other = next((p.name for p in folder.iterdir() if not FRAME_NAME.fullmatch(p.name)), None)
    if other is not None:
        raise DataError(f"{folder} holds {other}, which is not a frame; use another --out")
