"""A recording that somebody made: its form, and its photos with depth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt16

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.plausible import has_aspect
from depth_unet.data.forms.form_source import TRIES, Pixels
from depth_unet.data.layout import OnBad
from depth_unet.errors import DataError

ALONE = "recording"  # the room of a data set that is one recording: its folder may be renamed


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One photo of a recording with its depth.

    Attributes:
        name: Name within the recording, without ending, with forward slashes.
        place: File and frame, for messages.
        camera: The camera in pixels of the depth map, which shows what the photo shows; None if
            it is not known.
        read: Decodes photo and depth (millimetres); the photo may have another size.
        origin: Checksum of the content of its files.
    """

    name: str
    place: str
    camera: Intrinsics | None
    read: Callable[[], Pixels]
    origin: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What ``dataset.json`` states about a recording, in place of what its own files say.

    Attributes:
        metres_per_unit: Metres per stored count of depth; None if it is not stated.
        camera: The camera of the photos; None if it is not stated.
    """

    metres_per_unit: float | None
    camera: Intrinsics | None


OpenRecording = Callable[[Path, Stated, OnBad], Sequence[Shot]]
"""Opens a recording: its path, what is stated, and what to call with the error of a bad frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingForm:
    """A form of recordings.

    Attributes:
        suffixes: Endings of files that are recordings.
        is_folder: Whether a folder is one.
        is_part: Whether a folder that is none, of any form, holds a part of one.
        open_one: Opens one of them.
        alone: Room of frames that are in no folder below the data set's.
        has_unit: Whether its files state the unit of depth, so that nothing else may.
    """

    suffixes: tuple[str, ...] = ()
    is_folder: Callable[[Path], bool]
    is_part: Callable[[Path], bool]
    open_one: OpenRecording
    alone: str = ALONE
    has_unit: bool = False


def size_of_depth(
    read: Callable[[Path], UInt16[np.ndarray, "h w"]], files: Sequence[Path]
) -> tuple[int, int]:
    """Width and height of the first depth map of a recording that can be read.

    Raises:
        DataError: None of the first can be read, or there are none.
    """
    for number, file in enumerate(files[:TRIES], start=1):
        try:
            height, width = read(file).shape
        except DataError:
            if number == len(files[:TRIES]):
                raise
        else:
            return width, height
    raise DataError("a recording holds no depth maps; record it again")


def camera_of_depth(camera: Intrinsics, size: tuple[int, int], where: object) -> Intrinsics:
    """The camera of a recording's photos, in pixels of its depth maps.

    Args:
        camera: The camera, in pixels of the photos.
        size: Width and height of the depth maps.
        where: The file that states the camera, for messages.

    Raises:
        DataError: The aspect ratios differ: depth does not show what the photos show.
    """
    if not has_aspect(camera, *size):
        raise DataError(
            f"{where} has a camera of {camera.width}x{camera.height} pixels and depth maps of "
            f"{size[0]}x{size[1]}; depth must show what the photos show: register it to them"
        )
    return camera.resized(*size)


def check_size(
    depth_mm: UInt16[np.ndarray, "h w"], size: tuple[int, int], where: object
) -> UInt16[np.ndarray, "h w"]:
    """A depth map as it is.

    Raises:
        DataError: Its width and height are not those of its recording.
    """
    height, width = depth_mm.shape
    if (width, height) != size:
        raise DataError(
            f"{where} has {width}x{height} pixels, and the first depth map of its recording "
            f"{size[0]}x{size[1]}; put frames of another size into a folder of their own"
        )
    return depth_mm


def keep_confident(
    depth_mm: UInt16[np.ndarray, "h w"], confidence: np.ndarray, where: object
) -> UInt16[np.ndarray, "h w"]:
    """Depth without the values of low confidence, 0; a device's levels are 0, 1 and 2.

    Raises:
        DataError: Depth and confidence differ in size.
    """
    if confidence.shape != depth_mm.shape:
        raise DataError(
            f"{where} has the shape {confidence.shape} and depth {depth_mm.shape}; export the "
            "recording again"
        )
    return np.where(confidence > 0, depth_mm, 0).astype(np.uint16)
