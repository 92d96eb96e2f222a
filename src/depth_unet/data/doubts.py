"""Implausible cameras that an index states for single photos."""

from collections.abc import Sequence

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.plausible import find_doubt
from depth_unet.data.layout import CAMERA_COLUMNS, PairRow


def find_doubt_of_row(row: PairRow, camera: Intrinsics) -> str:
    """What is unlikely about a row's own camera, with its photo; empty if there is nothing.

    Args:
        row: The row.
        camera: The camera of the row's photo, which is the row's own if the row states one.
    """
    doubt = find_doubt(camera) if row.camera_px is not None else ""
    return f"{row.rgb}: {doubt}" if doubt else ""


def describe_doubts(doubts: Sequence[str]) -> str:
    """One line, with a remedy, for results of ``find_doubt_of_row`` that are not empty."""
    return (
        f"{len(doubts)} photos have an implausible camera, such as {doubts[0]}; correct "
        f"{', '.join(CAMERA_COLUMNS)}"
    )
