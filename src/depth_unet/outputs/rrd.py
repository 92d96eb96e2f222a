"""Recordings for the Rerun viewer: photo, camera, depth, uncertainty and points, also over time.

Rerun only writes files here: it opens no viewer and no connection.
"""

import os
import queue
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from depth_unet.arrays import Float32, UInt8
from depth_unet.errors import ConfigError, install_command
from depth_unet.files.atomic import replacing
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE, as_millimetres
from depth_unet.outputs.cloud import PointCloud
from depth_unet.outputs.depth_write import DepthMetadata
from depth_unet.outputs.statement import RRD_APPLICATION

if TYPE_CHECKING:
    from rerun import AsComponents
    from rerun.chunk import Chunk

LIBRARY = "rerun-sdk"
TIMELINE = "time"
JPEG_QUALITY = 95
MOST_WAITING = 8  # parts of frames that wait for the disk
POLL_S = 0.1
OS_ERROR = re.compile(r"\(os error (\d+)\)")

Depth = Float32[np.ndarray, "h w"]
Image = UInt8[np.ndarray, "h w 3"]
AddFrame = Callable[[Image, Depth, PointCloud, float], None]
"""Adds a frame: picture, depth in metres, points without lens distortion, time in seconds."""


def write_rrd(
    image: Image,
    depth_m: Depth,
    cloud: PointCloud,
    path: Path,
    metadata: DepthMetadata,
    *,
    uncertainty_m: Depth | None = None,
) -> None:
    """Write a photo and its depth as a recording.

    Its entities are ``world/camera`` (pinhole without distortion), ``world/camera/photo``,
    ``world/points``, ``depth`` and ``uncertainty``; x is right, y down and z forward, in metres.
    Depth does not lie below the camera, because the viewer would make points of it a second time,
    with the distortion of the lens. The properties of the recording state unit and model.

    Args:
        image: The photo, RGB, 0 to 255.
        depth_m: Depth along the optical axis, metres.
        cloud: The points, without lens distortion.
        path: The file to write; missing parent folders are made. An existing file is replaced.
        metadata: Model and camera.
        uncertainty_m: Half the width of an 80 % interval of depth, metres; None leaves it out.

    Raises:
        ConfigError: Rerun is not installed.
        DataError: A parent of ``path`` is a regular file, or the folder cannot be made.
        OSError: Writing failed.
    """
    _check_library(path)
    import rerun

    parts: dict[str, AsComponents] = {
        "world/camera/photo": rerun.Image(image),
        "depth": rerun.DepthImage(depth_m, meter=1.0),
        "world/points": rerun.Points3D(cloud.points_m, colors=cloud.colours),
    }
    if uncertainty_m is not None:
        parts["uncertainty"] = rerun.DepthImage(uncertainty_m, meter=1.0)
    with replacing(path) as temporary:
        _write((*_describe(metadata), *_chunks(parts)), temporary)


@contextmanager
def open_rrd(path: Path, metadata: DepthMetadata) -> Iterator[AddFrame]:
    """As ``write_rrd``, for the frames of a video; the file appears when the block succeeds.

    Frames lie on the timeline ``time``. They take less room than photos: pictures are JPEG, and
    depth is in whole millimetres, which the depth image states.
    """
    _check_library(path)
    import rerun

    waiting: queue.Queue[Chunk | None] = queue.Queue(MOST_WAITING)
    with replacing(path) as temporary, ThreadPoolExecutor(1) as pool:
        # Rerun's streams that can be added to never report a full disk; this way does.
        writing = pool.submit(_write, iter(waiting.get, None), temporary)

        def put(chunk: "Chunk | None") -> None:
            while not writing.done():
                try:
                    return waiting.put(chunk, timeout=POLL_S)
                except queue.Full:
                    continue
            return writing.result()  # raises what ended it

        def add(image: Image, depth_m: Depth, cloud: PointCloud, time_s: float) -> None:
            depth = rerun.DepthImage(as_millimetres(depth_m), meter=float(MILLIMETRES_PER_METRE))
            parts: dict[str, AsComponents] = {
                "world/camera/photo": rerun.Image(image).compress(jpeg_quality=JPEG_QUALITY),
                "depth": depth,
                "world/points": rerun.Points3D(cloud.points_m, colors=cloud.colours),
            }
            for chunk in _chunks(parts, time_s):
                put(chunk)

        try:
            for chunk in _describe(metadata):
                put(chunk)
            yield add
        finally:
            put(None)
        writing.result()


def _check_library(path: Path) -> None:
    if find_spec("rerun") is None:
        raise ConfigError(f"{path}: {LIBRARY} is not installed: {install_command(LIBRARY)}")


def _describe(metadata: DepthMetadata) -> Iterator["Chunk"]:
    """What holds for all frames: statement, name, axes and camera."""
    import rerun
    from rerun.chunk import Chunk

    camera = metadata.calibration.intrinsics
    matrix = np.array([[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1]])
    size = [camera.width, camera.height]
    statement: dict[str, Any] = dict(metadata.texts("metres"))
    yield Chunk.from_property("depth_unet", rerun.AnyValues(**statement))
    yield from _chunks(
        {
            "__properties": rerun.archetypes.RecordingInfo(name=metadata.photo or metadata.model),
            "world": rerun.ViewCoordinates.RDF,
            "world/camera": rerun.Pinhole(image_from_camera=matrix, resolution=size),
        }
    )


def _chunks(parts: "dict[str, AsComponents]", time_s: float | None = None) -> Iterator["Chunk"]:
    import rerun
    from rerun.chunk import Chunk

    times = [] if time_s is None else [rerun.TimeColumn(TIMELINE, duration=[time_s])]
    for entity, values in parts.items():
        batches = values.as_component_batches()
        columns = [batch.partition([len(batch.as_arrow_array())]) for batch in batches]
        yield Chunk.from_columns(entity, times, columns)


def _write(chunks: Iterable["Chunk"], path: Path) -> None:
    from rerun.chunk import LazyChunkStream

    stream = LazyChunkStream.from_iter(chunks)
    try:
        stream.write_rrd(path, application_id=RRD_APPLICATION, recording_id=uuid4().hex)
    except RuntimeError as error:
        if found := OS_ERROR.search(str(error)):
            raise OSError(int(found[1]), os.strerror(int(found[1])), str(path)) from None
        raise
