"""Frames of a video file, upright, each with its time."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from jaxtyping import UInt8

from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error

REMEDY = "name another video"
USUAL_RATE = Fraction(30)
LATEST_S, LATEST_SHARE = 1.0, 0.02
"""A video may end so much before the time that it states; the last frame's own is part of it."""
CLOCK = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")

Image = UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A frame and when it is shown.

    Attributes:
        image: RGB, 0 to 255, the right way up.
        time: Of its beginning, in the clip's ticks.
        turned: Whether the file had it turned.
    """

    image: Image
    time: int
    turned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """Frames that follow one another, from a file or a camera.

    Attributes:
        name: What is said of it.
        rate: Frames per second, on average.
        tick_s: What times count in, seconds.
        frames: The frames, once.
        sound_from: A file with the sound of these times; None where there is none.
    """

    name: str
    rate: Fraction
    tick_s: Fraction
    frames: Iterator[Frame]
    sound_from: Path | None = None


@contextmanager
def open_clip(path: Path) -> Iterator[Clip]:
    """Open a video file.

    Frames are turned as the file says, and pixels made square; times grow from frame to frame,
    whatever it says.

    Raises:
        DataError: It is missing, no video, or damaged; damage inside is found as frames are read.
    """
    with _opened(path) as (container, stream):
        rate = stream.average_rate or stream.guessed_rate or USUAL_RATE
        tick_s = stream.time_base or 1 / rate
        yield Clip(
            name=str(path),
            rate=Fraction(rate),
            tick_s=Fraction(tick_s),
            frames=_frames(path, container, stream, round(1 / (rate * tick_s)) or 1),
            sound_from=path if container.streams.audio else None,
        )


def survey(path: Path, most: int) -> tuple[int, list[Image]]:
    """Read a video once: how many frames it has, and some of them.

    Args:
        path: The file.
        most: Frames to return, evenly spaced, at most; half as many at least where there are
            enough.

    Raises:
        DataError: As ``open_clip``; or it holds no frame.
    """
    kept, stride, count = list[av.VideoFrame](), 1, 0
    with _opened(path) as (container, stream):
        for frame in _decoded(path, container, stream):
            if count % stride == 0:
                kept.append(frame)
            count += 1
            if len(kept) > most:
                kept, stride = kept[::2], 2 * stride
        if not count:
            raise DataError(f"{path} holds no frame; {REMEDY}")
        return count, [_upright(frame, shape_of(stream)).image for frame in kept]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    if not path.is_file():
        raise DataError(f"{path} does not exist; name a video")
    with as_data_error(path, "is not a video that can be read", REMEDY):
        container = av.open(str(path), metadata_errors="replace")
    with container:
        if not container.streams.video:
            raise DataError(f"{path} has no pictures; {REMEDY}")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        yield container, stream


def _frames(
    path: Path, container: av.container.InputContainer, stream: av.VideoStream, step: int
) -> Iterator[Frame]:
    last = -step if stream.start_time is None else stream.start_time - step
    for frame in _decoded(path, container, stream):
        time = last + step if frame.pts is None else max(frame.pts, last + 1)
        yield _upright(frame, shape_of(stream), time)
        last = time


def _decoded(
    path: Path, container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[av.VideoFrame]:
    """Frames as they are stored; a file that ends long before it says is damaged."""
    ends_s = 0.0
    with as_data_error(path, "is damaged", REMEDY):
        for frame in container.decode(stream):
            ends_s = max(ends_s, frame.time or 0.0)
            yield frame
    stated_s = _stated_end_s(stream)
    if stated_s is not None and ends_s < stated_s - max(LATEST_S, LATEST_SHARE * stated_s):
        raise DataError(
            f"{path} is damaged (it ends at {ends_s:.1f} s and says it has {stated_s:.1f} s); "
            f"{REMEDY}"
        )


def _stated_end_s(stream: av.VideoStream) -> float | None:
    """When the last picture ends, as the stream or (Matroska) its tag has it."""
    if stream.duration is not None and stream.time_base is not None:
        return float((stream.duration + (stream.start_time or 0)) * stream.time_base)
    found = CLOCK.match(stream.metadata.get("DURATION", ""))
    return None if found is None else 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3])


def shape_of(stream: av.VideoStream) -> Fraction:
    """Width of a stored pixel over its height; 1 where the file does not say."""
    return stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)


def _upright(frame: av.VideoFrame, shape: Fraction, time: int = 0) -> Frame:
    """Square pixels, the right way up."""
    width = round(frame.width * shape)
    image = frame.to_ndarray(format="rgb24", width=width, height=frame.height)
    quarters = round(frame.rotation / 90)
    turned = np.ascontiguousarray(np.rot90(image, quarters)) if quarters % 4 else image
    return Frame(turned, time, quarters % 4 != 0)
