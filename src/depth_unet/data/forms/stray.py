"""Recordings of the Stray Scanner app: a video, a depth map for each frame, one camera."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.data.decode import read_labels
from depth_unet.data.forms.form_source import Pixels
from depth_unet.data.forms.photo_files import check_is_file, read_millimetres
from depth_unet.data.forms.recording import (
    RecordingForm,
    Shot,
    Stated,
    camera_of_depth,
    check_size,
    keep_confident,
    size_of_depth,
)
from depth_unet.data.layout import OnBad
from depth_unet.errors import DataError, check_installed
from depth_unet.files.checksum import sha256_of
from depth_unet.files.damage import as_data_error, named
from depth_unet.files.text import read_text
from depth_unet.files.walk import is_file
from depth_unet.images.photo import DecodedPhoto

if TYPE_CHECKING:
    from depth_unet.video.seek import SeekableVideo

VIDEO, CAMERA, DEPTH, CONFIDENCE = "rgb.mp4", "camera_matrix.csv", "depth", "confidence"
DEPTH_SUFFIXES = (".png", ".npy")  # early versions of the app wrote NumPy arrays
REMEDY = "copy the whole recording from the device again"


def is_stray(path: Path) -> bool:
    """Whether a folder is a recording of the app."""
    return (path / VIDEO).is_file() and (path / DEPTH).is_dir()


def is_part(path: Path) -> bool:
    """Whether a folder has the video or the camera."""
    return is_file(path / VIDEO) or is_file(path / CAMERA)


def open_stray(path: Path, stated: Stated, on_bad: OnBad) -> Sequence[Shot]:
    """The frames that have a depth map, which has the number of its frame of the video.

    Depth is in millimetres, and is not used where the confidence map says that it is low (0).
    ``on_bad`` gets the error of every depth map whose frame the video lacks.
    """
    check_is_file(path / VIDEO, REMEDY)
    check_installed(f"{path / VIDEO}", "av")
    from depth_unet.video.seek import SeekableVideo  # noqa: PLC0415  # needs av

    depths = _by_number(path / DEPTH)
    video = SeekableVideo(path / VIDEO, REMEDY)
    camera = stated.camera or _read_camera(path / CAMERA, video.size)
    if not depths:
        raise DataError(f"{path / DEPTH} holds no depth maps; {REMEDY}")
    size = size_of_depth(read_millimetres, list(depths.values()))
    camera = camera_of_depth(camera, size, path)
    for number, depth in depths.items():
        if number >= video.num_frames:
            on_bad(
                DataError(
                    f"{path / VIDEO} has {video.num_frames} frames, and {depth} is of frame "
                    f"{number}; {REMEDY}"
                )
            )
    checksum = functools.cache(sha256_of)
    return [
        Shot(
            name=f"{number:06d}",
            place=str(depth),
            camera=camera,
            read=functools.partial(_read, video, number, depth, size),
            origin=functools.partial(_origin, checksum, path / VIDEO, depth),
        )
        for number, depth in depths.items()
        if number < video.num_frames
    ]


def _by_number(folder: Path) -> dict[int, Path]:
    if not folder.is_dir():
        return {}
    with as_data_error(folder, "cannot be read", "make it readable"):
        files = sorted(file for file in folder.iterdir() if file.suffix in DEPTH_SUFFIXES)
    return {int(file.stem): file for file in files if file.stem.isdecimal()}


def _read_camera(file: Path, size: tuple[int, int]) -> Intrinsics:
    """The camera of the video."""
    check_is_file(file, f"{REMEDY}, or state intrinsics in dataset.json")
    with as_data_error(file, "is not a matrix of three lines of three numbers", REMEDY):
        lines = (line.split(",") for line in read_text(file).splitlines() if line.strip())
        (fx_px, _, cx_px), (_, fy_px, cy_px), (_, _, _) = (map(float, line) for line in lines)
    with named(file):
        return Intrinsics.from_values(*size, (fx_px, fy_px, cx_px, cy_px))


def _read(video: "SeekableVideo", number: int, depth: Path, size: tuple[int, int]) -> Pixels:
    depth_mm = check_size(read_millimetres(depth), size, depth)
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


STRAY = RecordingForm(is_folder=is_stray, is_part=is_part, open_one=open_stray, has_unit=True)
