"""Upright frames of a video file with their times."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from depth_unet.arrays import UInt8
from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.outputs.statement import parse_line

REMEDY = "use another video"
USUAL_RATE = Fraction(30)
LATEST_S, LATEST_SHARE = 1.0, 0.02
"""A video may end this much before its stated end: seconds, or share of its duration."""
CLOCK = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")

Image = UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A frame and its time.

    Attributes:
        image: RGB, 0 to 255, upright.
        time: Start of its display, in the clip's ticks.
        rotated: Whether the file's metadata rotated the stored pixels.
    """

    image: Image
    time: int
    rotated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """A sequence of frames from a file or a camera.

    Attributes:
        name: Name for messages.
        rate: Average frames per second.
        tick_s: Unit of the frames' times, seconds.
        frames: The frames; they can be read once.
        sound_from: The file that holds the sound; None without sound.
    """

    name: str
    rate: Fraction
    tick_s: Fraction
    frames: Iterator[Frame]
    sound_from: Path | None = None


@contextmanager
def open_clip(path: Path) -> Iterator[Clip]:
    """Open a video file.

    Frames are rotated as the file's metadata says, and their pixels made square. Times always
    increase from frame to frame.

    Raises:
        DataError: The file is missing, not a video, or damaged; damage may also be found later,
            while frames are read.
    """
    with open_container(path) as (container, stream):
        rate = stream.average_rate or stream.guessed_rate or USUAL_RATE
        tick_s = stream.time_base or 1 / rate
        yield Clip(
            name=str(path),
            rate=Fraction(rate),
            tick_s=Fraction(tick_s),
            frames=_frames(path, container, stream, round(1 / (rate * tick_s)) or 1),
            sound_from=path if container.streams.audio else None,
        )


def sample_frames(path: Path, most: int) -> tuple[int, list[Image]]:
    """Decode a whole video: the number of its frames, and some of them.

    Args:
        path: The file.
        most: Largest number of frames to return, evenly spaced; a long video returns at least half
            as many.

    Raises:
        DataError: As ``open_clip``, or there are no frames.
    """
    kept, stride, count = list[av.VideoFrame](), 1, 0
    with open_container(path) as (container, stream):
        for frame in _decode(path, container, stream):
            if count % stride == 0:
                kept.append(frame)
            count += 1
            if len(kept) > most:
                kept, stride = kept[::2], 2 * stride
        if not count:
            raise DataError(f"{path} holds no frames; {REMEDY}")
        return count, [_make_upright(frame, pixel_aspect(stream)).image for frame in kept]


def read_video_statement(path: Path) -> dict[str, str]:
    """What a video states about itself: its metadata, and the texts of its comment.

    Raises:
        DataError: The file cannot be read.
    """
    with open_container(path) as (container, _):
        tags = {key.lower(): value for key, value in container.metadata.items()}
    return parse_line(tags.get("comment", "")) | tags


@contextmanager
def open_container(
    path: Path, options: dict[str, str] | None = None, remedy: str = REMEDY
) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Open a video file and its first video stream.

    Args:
        path: The file.
        options: Options of the demuxer.
        remedy: What to do about damage, for messages.

    Raises:
        DataError: The file is missing, damaged, or not a video.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist; check its name and folder")
    with as_data_error(path, "is not a readable video", remedy):
        try:
            container = av.open(str(path), options=options or {}, metadata_errors="replace")
        except av.error.MemoryError:  # damage may state any size
            problem = "states more than fits into memory, or is damaged"
            raise DataError(f"{path} {problem}; {remedy}") from None
    with container:
        if not container.streams.video:
            raise DataError(f"{path} has no video stream; {remedy}")
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise DataError(f"{path} has a video stream of an unknown codec; {remedy}")
        stream.thread_type = "AUTO"
        yield container, stream


def _frames(
    path: Path, container: av.container.InputContainer, stream: av.VideoStream, step: int
) -> Iterator[Frame]:
    last = -step if stream.start_time is None else stream.start_time - step
    for frame in _decode(path, container, stream):
        time = last + step if frame.pts is None else max(frame.pts, last + 1)
        yield _make_upright(frame, pixel_aspect(stream), time)
        last = time


def _decode(
    path: Path, container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[av.VideoFrame]:
    """Frames as stored; a file that ends long before its stated duration is damaged."""
    ends_s = 0.0
    with as_data_error(path, "is damaged", REMEDY):
        for frame in container.decode(stream):
            ends_s = max(ends_s, frame.time or 0.0)
            yield frame
    stated_s = _stated_end_s(stream)
    if stated_s is not None and ends_s < stated_s - max(LATEST_S, LATEST_SHARE * stated_s):
        raise DataError(
            f"{path} is damaged (it ends at {ends_s:.1f} s but states {stated_s:.1f} s); {REMEDY}"
        )


def _stated_end_s(stream: av.VideoStream) -> float | None:
    """End of the last frame, as stated by the stream or (Matroska) its tag."""
    if stream.duration is not None and stream.time_base is not None:
        return float((stream.duration + (stream.start_time or 0)) * stream.time_base)
    found = CLOCK.match(stream.metadata.get("DURATION", ""))
    return None if found is None else 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3])


def pixel_aspect(stream: av.VideoStream) -> Fraction:
    """Width of a stored pixel over its height; 1 if the file does not state it."""
    return stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)


def _make_upright(frame: av.VideoFrame, aspect: Fraction, time: int = 0) -> Frame:
    width = round(frame.width * aspect)
    image = frame.to_ndarray(format="rgb24", width=width, height=frame.height)
    quarters = round(frame.rotation / 90)
    upright = np.ascontiguousarray(np.rot90(image, quarters)) if quarters % 4 else image
    return Frame(upright, time, quarters % 4 != 0)
