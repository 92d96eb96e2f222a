"""Recordings with one file for each photo and each depth map, at any depth format."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt16

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.decode import in_millimetres
from depth_unet.data.forms.recording import Shot, camera_of_depth, size_of_depth
from depth_unet.errors import DataError
from depth_unet.files.checksum import sha256_of
from depth_unet.files.walk import is_file
from depth_unet.images.photo import read_photo
from depth_unet.outputs.depth_read import read_depth_file

ReadDepth = Callable[[Path], UInt16[np.ndarray, "h w"]]


def shot_of_files(
    name: str,
    photo: Path,
    depth: Path,
    *,
    camera: Intrinsics | None,
    metres_per_unit: float | None = None,
    read_depth: ReadDepth | None = None,
) -> Shot:
    """A photo and a depth map in files of their own.

    Args:
        name: Name of the frame in its recording.
        photo: An image file.
        depth: 16-bit PNG or TIFF, 32-bit TIFF, NumPy array, OpenEXR or PFM.
        camera: The camera, in pixels of the depth map.
        metres_per_unit: Metres per stored count; None: millimetres for integers, else metres.
        read_depth: Reads the depth map, millimetres, in place of ``read_millimetres``.
    """
    read = read_depth or functools.partial(read_millimetres, metres_per_unit=metres_per_unit)
    return Shot(
        name=name,
        place=str(depth),
        camera=camera,
        read=lambda: (read_photo(photo), read(depth)),
        origin=lambda: f"{sha256_of(photo)} {sha256_of(depth)} {metres_per_unit}",
    )


def camera_of_files(
    camera: Intrinsics, depths: Sequence[Path], metres_per_unit: float | None, where: object
) -> Intrinsics:
    """The camera of a recording's photos, in pixels of its depth maps."""
    read = functools.partial(read_millimetres, metres_per_unit=metres_per_unit)
    return camera_of_depth(camera, size_of_depth(read, depths), where)


def read_millimetres(path: Path, metres_per_unit: float | None = None) -> UInt16[np.ndarray, "h w"]:
    """Depth in whole millimetres; 0 is a hole. See ``shot_of_files``."""
    return in_millimetres(read_depth_file(path, metres_per_unit), path)


def check_is_file(path: Path, remedy: str) -> None:
    """Refuse a recording that lacks a file.

    Raises:
        DataError: It is missing.
    """
    if not is_file(path):
        raise DataError(f"{path} is missing; {remedy}")
