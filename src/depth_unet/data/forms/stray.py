"""Recordings of the Stray Scanner app: a video, a depth map for each frame, one camera."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.decode import read_labels
from depth_unet.data.forms.form_source import Pixels
from depth_unet.data.forms.photo_files import check_is_file, read_millimetres
from depth_unet.data.forms.recording import (
    RecordingForm,
    Shot,
    Stated,
    camera_of_depth,
    keep_confident,
    size_of_depth,
)
from depth_unet.data.layout import OnBad
from depth_unet.errors import DataError, check_installed
from depth_unet.files.checksum import sha256_of
from depth_unet.files.damage import as_data_error
from depth_unet.images.photo import DecodedPhoto

if TYPE_CHECKING:
    from depth_unet.video.seek import SeekableVideo

VIDEO, CAMERA, DEPTH, CONFIDENCE = "rgb.mp4", "camera_matrix.csv", "depth", "confidence"
DEPTH_SUFFIXES = (".png", ".npy")  # early versions of the app wrote NumPy arrays
REMEDY = "copy the whole recording from the device again"


def is_stray(path: Path) -> bool:
    """Whether a folder is a recording of the app."""
    return (path / VIDEO).is_file() and (path / DEPTH).is_dir()


def open_stray(path: Path, stated: Stated, on_bad: OnBad) -> Sequence[Shot]:
    """The frames that have a depth map, which has the number of its frame of the video.

    Depth is in millimetres, and is not used where the confidence map says that it is low (0).
    ``on_bad`` gets an error if the video lacks frames.
    """
    check_installed(f"{path / VIDEO}", "av")
    from depth_unet.video.seek import SeekableVideo  # noqa: PLC0415  # needs av

    depths = _by_number(path / DEPTH)
    video = SeekableVideo(path / VIDEO)
    camera = stated.camera or _read_camera(path / CAMERA, video.size)
    if not depths:
        raise DataError(f"{path / DEPTH} holds no depth maps; {REMEDY}")
    size = size_of_depth(read_millimetres, list(depths.values()))
    camera = camera_of_depth(camera, size, path)
    beyond = [number for number in depths if number >= video.num_frames]
    if beyond:
        on_bad(
            DataError(
                f"{path / VIDEO} has {video.num_frames} frames, and {path / DEPTH} has depth maps "
                f"up to frame {max(beyond)}; {REMEDY}"
            )
        )
    checksum = functools.cache(sha256_of)
    return [
        Shot(
            name=f"{number:06d}",
            place=str(depth),
            camera=camera,
            read=functools.partial(_read, video, number, depth),
            origin=functools.partial(_origin, checksum, path / VIDEO, depth),
        )
        for number, depth in depths.items()
        if number < video.num_frames
    ]


def _by_number(folder: Path) -> dict[int, Path]:
    with as_data_error(folder, "cannot be read", "make it readable"):
        files = sorted(file for file in folder.iterdir() if file.suffix in DEPTH_SUFFIXES)
    return {int(file.stem): file for file in files if file.stem.isdecimal()}


def _read_camera(file: Path, size: tuple[int, int]) -> Intrinsics:
    """The camera of the video."""
    check_is_file(file, f"{REMEDY}, or state intrinsics in dataset.json")
    with as_data_error(file, "is not a matrix of three lines of three numbers", REMEDY):
        matrix = np.loadtxt(file, delimiter=",", ndmin=2)
        if matrix.shape != (3, 3):
            raise ValueError(f"its shape is {matrix.shape}")
    fx_px, fy_px, cx_px, cy_px = (float(matrix[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
    try:
        return Intrinsics.from_values(*size, (fx_px, fy_px, cx_px, cy_px))
    except DataError as error:
        raise DataError(f"{file}: {error}") from None


def _read(video: "SeekableVideo", number: int, depth: Path) -> Pixels:
    depth_mm = read_millimetres(depth)
    confidence = _confidence_of(depth)
    if confidence.is_file():
        depth_mm = keep_confident(depth_mm, read_labels(confidence), confidence)
    return DecodedPhoto(image=video.read(number)), depth_mm


def _origin(checksum: Callable[[Path], str], video: Path, depth: Path) -> str:
    confidence = _confidence_of(depth)
    files = (video, depth, confidence) if confidence.is_file() else (video, depth)
    return " ".join(map(checksum, files))


def _confidence_of(depth: Path) -> Path:
    return depth.parent.parent / CONFIDENCE / f"{depth.stem}.png"


STRAY = RecordingForm(is_folder=is_stray, open_one=open_stray, has_unit=True)
