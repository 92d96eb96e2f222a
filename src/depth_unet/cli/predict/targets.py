"""Names of the files that ``predict`` writes, and which of them are missing."""

from pathlib import Path

from depth_unet.cli.arguments import PredictArguments
from depth_unet.cli.predict.inputs import Input
from depth_unet.config.choices import SaveChoice, VideoChoice
from depth_unet.video.frames import is_complete

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
}
VIDEO_ENDINGS: dict[VideoChoice, str] = {
    "side": "_side.mp4",
    "color": "_color.mp4",
    "ffv1": "_depth.mkv",
    "png16": "_depth",
}


def photo_targets(item: Input, arguments: PredictArguments) -> dict[SaveChoice, Path]:
    """The files to write for a photo: the missing ones, or all with ``--overwrite``."""
    paths = {kind: _path(item, arguments, ENDINGS[kind]) for kind in arguments.save}
    return {kind: path for kind, path in paths.items() if arguments.overwrite or not path.exists()}


def video_targets(item: Input, arguments: PredictArguments) -> dict[VideoChoice, Path]:
    """As ``photo_targets``, for the files and folders of a video."""
    paths = {kind: _path(item, arguments, VIDEO_ENDINGS[kind]) for kind in arguments.video}
    return {
        kind: path
        for kind, path in paths.items()
        if arguments.overwrite or not (is_complete(path) if kind == "png16" else path.exists())
    }


def is_result(out: Path, path: Path) -> bool:
    """Whether a file is a picture or video that ``predict`` wrote into ``out``."""
    is_below = path.resolve().is_relative_to(out.resolve())
    is_frame = path.stem.isdecimal() and path.parent.name.endswith(VIDEO_ENDINGS["png16"])
    endings = (*ENDINGS.values(), *VIDEO_ENDINGS.values())
    return is_below and (is_frame or path.name.endswith(endings))


def _path(item: Input, arguments: PredictArguments, ending: str) -> Path:
    return arguments.out / item.stem.parent / (item.stem.name + ending)
