"""Output files of a video: coloured depth, alone or beside the picture, or 16-bit depth."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from depth_unet.arrays import Float32, UInt8
from depth_unet.config.choices import EDGE, VideoChoice
from depth_unet.figures.colour import Scale, colourise
from depth_unet.figures.legend import depth_legend
from depth_unet.files.atomic import replacing, replacing_folder, write_text
from depth_unet.images.millimetres import as_millimetres
from depth_unet.outputs.cloud import drop_edges, unproject
from depth_unet.outputs.depth_write import IN_MILLIMETRES, DepthMetadata, write_png16
from depth_unet.outputs.mesh import grid_stride
from depth_unet.outputs.rrd import AddFrame, open_rrd
from depth_unet.video.frames import TIMES_HEADER, TIMES_NAME, check_replaceable
from depth_unet.video.read import Clip, Frame
from depth_unet.video.write import VideoFile

MOST_POINTS = 60_000  # of a frame of a recording; all of them would be most of its bytes

Depth = Float32[np.ndarray, "h w"]
Sink = Callable[[Frame, Depth], None]
"""Writes a frame with its depth in metres, at the frame's size."""


@contextmanager
def open_sink(
    kind: VideoChoice,
    path: Path,
    clip: Clip,
    metadata: DepthMetadata,
    scale: Scale | None,
    *,
    edge: float = EDGE,
) -> Iterator[Sink]:
    """Write a file (``png16``: a folder), which appears when the block succeeds.

    Args:
        kind: ``side``: picture and coloured depth; ``color``: coloured depth; ``ffv1``: depth as
            FFV1; ``png16``: depth as PNG files; ``rrd``: picture, depth and points for Rerun.
        path: The file or folder.
        clip: The source of rate, times and sound.
        metadata: Model and camera, which the file states.
        scale: The colour scale; may be None for kinds without colours.
        edge: As of ``Prediction.point_cloud``, for ``rrd``.

    Raises:
        DataError: ``path`` is a file, or a folder that holds other files, where frames should go.
        OSError: Writing failed.
    """
    match kind:
        case "side" | "color":
            assert scale is not None
            texts = _mp4_texts(metadata, scale)
            with (
                replacing(path) as temporary,
                VideoFile(temporary, clip, texts, lossless=False) as file,
            ):
                yield _side_sink(file, scale) if kind == "side" else _colour_sink(file, scale)
        case "ffv1":
            texts = metadata.texts(IN_MILLIMETRES)
            with (
                replacing(path) as temporary,
                VideoFile(temporary, clip, texts, lossless=True) as file,
            ):
                yield lambda frame, depth_m: file.add(as_millimetres(depth_m), frame.time)
        case "rrd":
            with open_rrd(path, metadata) as add_frame:
                yield _rrd_sink(add_frame, clip, metadata, edge)
        case "png16":
            check_replaceable(path)
            with replacing_folder(path) as folder:
                times_s = list[float]()
                yield _png_sink(folder, clip, metadata, times_s)
                rows = (f"{number:06d}.png,{time:.6f}\n" for number, time in enumerate(times_s))
                write_text(folder / TIMES_NAME, "".join((TIMES_HEADER, *rows)))


def _side_sink(file: VideoFile, scale: Scale) -> Sink:
    strips = dict[int, np.ndarray]()

    def add(frame: Frame, depth_m: Depth) -> None:
        both = np.hstack((frame.image, _paint(depth_m, scale)))
        width = both.shape[1]
        if width not in strips:
            strips[width] = depth_legend(width, scale)
        file.add(np.vstack((both, strips[width])), frame.time)

    return add


def _colour_sink(file: VideoFile, scale: Scale) -> Sink:
    return lambda frame, depth_m: file.add(_paint(depth_m, scale), frame.time)


def _paint(depth_m: Depth, scale: Scale) -> UInt8[np.ndarray, "h w 3"]:
    return colourise(depth_m, scale.low, scale.high, colormap=scale.colormap)


def _png_sink(folder: Path, clip: Clip, metadata: DepthMetadata, times_s: list[float]) -> Sink:
    numbers = itertools.count()

    def add(frame: Frame, depth_m: Depth) -> None:
        write_png16(depth_m, folder / f"{next(numbers):06d}.png", metadata)
        times_s.append(float(frame.time * clip.tick_s))

    return add


def _rrd_sink(add_frame: AddFrame, clip: Clip, metadata: DepthMetadata, edge: float) -> Sink:
    camera = metadata.calibration.intrinsics
    stride = grid_stride(camera.height, camera.width, MOST_POINTS)
    rays = metadata.calibration.rays()

    def add(frame: Frame, depth_m: Depth) -> None:
        cloud = unproject(drop_edges(depth_m, edge), rays, frame.image, stride=stride)
        add_frame(frame.image, depth_m, cloud, float(frame.time * clip.tick_s))

    return add


def _mp4_texts(metadata: DepthMetadata, scale: Scale) -> Mapping[str, str]:
    """Title and comment, the tags of MP4 that every player shows."""
    colours = f"colours: {scale.colormap}, {scale.low:g} to {scale.high:g} metres"
    return {"title": metadata.photo, "comment": f"{metadata.line('metres')}; {colours}"}
