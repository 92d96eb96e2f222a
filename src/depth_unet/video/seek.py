"""Frames of a video file by their number, in any order, from several threads."""

import bisect
import functools
import math
import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from depth_unet.arrays import UInt8
from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.video.read import REMEDY, open_container

# An edit list hides frames that were recorded all the same, such as those before the first key
# frame: numbers count them.
OPTIONS = {"ignore_editlist": "1"}


class SeekableVideo:
    """The stored frames of a video file, neither rotated nor scaled, numbered from 0.

    Each thread keeps its last video open, so that reading one frame after the other decodes each
    once; another frame is decoded from the key frame before it.

    Args:
        path: The file.
        remedy: What to do about damage, for messages.

    Attributes:
        size: Width and height, pixels.
        num_frames: Number of its frames.

    Raises:
        DataError: The file is missing, damaged, or not a video.
    """

    _threads = threading.local()

    def __init__(self, path: Path, remedy: str = REMEDY) -> None:
        self.path, self.remedy, self._lock = path, remedy, threading.Lock()
        with self.open() as (_, stream):
            self.size = stream.codec_context.width, stream.codec_context.height
            self.num_frames = stream.frames
        if not self.num_frames:  # the file does not state it
            self.num_frames = len(self._index[0])

    def open(self) -> AbstractContextManager[tuple[InputContainer, av.VideoStream]]:
        """The file and its video stream; see ``open_container``."""
        return open_container(self.path, OPTIONS, self.remedy)

    def read(self, number: int) -> UInt8[np.ndarray, "h w 3"]:
        """Frame ``number``, RGB, 0 to 255.

        Raises:
            DataError: There is no such frame, or it cannot be decoded.
        """
        with self._lock:
            times, keys, decoded = self._index
        if not 0 <= number < len(times):
            raise DataError(f"{self.path} has {len(times)} frames, not {number + 1}; {self.remedy}")
        time = times[number]
        key = keys[max(0, bisect.bisect_right(keys, time) - 1)]
        position = self._position()
        self._threads.position = None  # after an error, it is not known
        with as_data_error(f"{self.path}, frame {number}", remedy=self.remedy):
            if not key <= position.next_time <= time:
                position.seek(decoded[key])
            frame = next((frame for frame in position.frames if _time(frame) >= time), None)
            if frame is None or _time(frame) != time:
                raise ValueError("it is missing")
            image: np.ndarray = frame.to_ndarray(format="rgb24")
        position.next_time = times[number + 1] if number + 1 < len(times) else time + 1
        self._threads.position = position
        return image

    @functools.cached_property
    def _index(self) -> tuple[list[int], list[int], dict[int, int]]:
        """Times of all frames and of key frames, and when key frames are decoded, in ticks."""
        with (
            self.open() as (container, stream),
            as_data_error(self.path, remedy=self.remedy),
        ):
            packets = [
                # Matroska does not say when the first frame is decoded.
                (packet.pts, packet.pts if packet.dts is None else packet.dts, packet.is_keyframe)
                for packet in container.demux(stream)
                if packet.pts is not None  # the last one is empty
            ]
            times = sorted(time for time, _, _ in packets)
            decoded = {time: decoded for time, decoded, is_key in packets if is_key}
            if not decoded:
                raise ValueError("it has no key frames")
        return times, sorted(decoded), decoded

    def _position(self) -> "_Position":
        """Where this thread is in this video, which it opens if it has another one open."""
        position: _Position | None = getattr(self._threads, "position", None)
        return position if position and position.video is self else _Position(self)


class _Position:
    """An open video, which is closed when it is no longer used.

    Attributes:
        video: Whose frames they are; a file may be replaced by another one of its name.
        frames: Its next frames.
        next_time: Time of the next frame, in ticks; NaN at first.
    """

    def __init__(self, video: SeekableVideo) -> None:
        self.video, self.next_time = video, math.nan
        self.frames: Iterator[av.VideoFrame] = iter(())
        with ExitStack() as stack:
            self._opened = stack.enter_context(video.open())
            self._opened[1].codec_context.thread_count = 1  # several threads read at once
            weakref.finalize(self, stack.pop_all().close)

    def seek(self, decoded: int) -> None:
        """Go to the key frame that is decoded at a time."""
        container, stream = self._opened
        container.seek(decoded, stream=stream)
        self.frames = container.decode(stream)


def _time(frame: av.VideoFrame) -> float:
    return math.nan if frame.pts is None else frame.pts
