"""The files that ``predict`` writes: their names, which are missing, and which it may replace."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from depth_unet.cli.arguments.predict import PredictArguments
from depth_unet.cli.predict.inputs import Input
from depth_unet.config.choices import SaveChoice, VideoChoice
from depth_unet.errors import DataError
from depth_unet.outputs.depth_write import json_beside
from depth_unet.outputs.statement import is_own, only_own
from depth_unet.video.frames import check_replaceable, is_complete

ENDINGS: dict[SaveChoice, str] = {
    "png16": "_depth.png",
    "npy": "_depth.npy",
    "npz": "_depth.npz",
    "exr": "_depth.exr",
    "pfm": "_depth.pfm",
    "color": "_color.png",
    "panel": "_panel.png",
    "ply": "_points.ply",
    "glb": "_mesh.glb",
    "plot3d": "_points.html",
    "json": "_depth.json",
    "rrd": "_depth.rrd",
}
WITH_JSON: tuple[SaveChoice, ...] = ("npy", "pfm")
VIDEO_ENDINGS: dict[VideoChoice, str] = {
    "side": "_side.mp4",
    "color": "_color.mp4",
    "ffv1": "_depth.mkv",
    "png16": "_depth",
    "rrd": "_video.rrd",
}


def photo_targets(item: Input, arguments: PredictArguments) -> dict[SaveChoice, Path]:
    """The files to write for a photo: the missing ones, or all with ``--overwrite``.

    Raises:
        DataError: Another file has one of the names.
    """
    paths = {kind: _path(item, arguments, ENDINGS[kind]) for kind in arguments.save}
    beside = (json_beside(path) for kind, path in paths.items() if kind in WITH_JSON)
    for path in (*paths.values(), *beside):
        _refuse_other(path, is_own)
    return {kind: path for kind, path in paths.items() if arguments.overwrite or not _exists(path)}


def video_targets(item: Input, arguments: PredictArguments) -> dict[VideoChoice, Path]:
    """As ``photo_targets``, for the files and folders of a video."""
    paths = {kind: _path(item, arguments, VIDEO_ENDINGS[kind]) for kind in arguments.video}
    for kind, path in paths.items() if can_read_videos() else ():  # else none is written
        if kind != "png16":
            _refuse_other(path, is_result)
        elif _exists(path):
            check_replaceable(path)
    return {
        kind: path
        for kind, path in paths.items()
        if arguments.overwrite or not (is_complete(path) if kind == "png16" else _exists(path))
    }


def is_result(path: Path) -> bool:
    """Whether ``predict`` wrote a file, by what it states about itself."""
    if path.suffix.lower() not in (".mp4", ".mkv"):
        return is_own(path)
    if not can_read_videos():
        return False
    from depth_unet.video.read import read_video_statement  # noqa: PLC0415  # needs PyAV

    try:
        return bool(only_own(read_video_statement(path)))
    except DataError:
        return False


def skip_reason(path: Path) -> str:
    """Why ``predict`` skips a file that it finds in a folder; empty if it does not."""
    return "written by predict" if is_result(path) else ""


def can_read_videos() -> bool:
    """Whether the library for videos is installed."""
    return find_spec("av") is not None


def _refuse_other(path: Path, is_ours: Callable[[Path], bool]) -> None:
    if _exists(path) and not is_ours(path):
        raise DataError(
            f"{path} was not written by predict and is never replaced; move it, or use another "
            "--out"
        )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, which is reported when it is written
        return False


def _path(item: Input, arguments: PredictArguments, ending: str) -> Path:
    return arguments.out / item.stem.parent / (item.stem.name + ending)
