"""Video files: frames with their times, sound as it was, and words on what they hold."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np

from depth_unet.errors import DataError
from depth_unet.files.damage import one_line
from depth_unet.video.read import Clip
from depth_unet.video.sound import Sound

H264 = ("libx264", "libopenh264", "mpeg4")
"""The first that this build of FFmpeg has."""
QUALITY = {"crf": "18", "preset": "veryfast"}
BT709 = 1
"""Primaries, transfer and matrix of HDTV, by the numbers of ITU-T H.273."""


class VideoFile:
    """A video that is being written; ``close`` ends it.

    Args:
        path: The file; its ending names the container.
        clip: Whose rate, ticks and sound it has.
        exact: 16-bit grey without loss (FFV1) in place of colours (H.264).
        texts: What the container says of itself.
    """

    def __init__(self, path: Path, clip: Clip, texts: Mapping[str, str], *, exact: bool) -> None:
        self._exact, self._path, self._tick_s = exact, path, clip.tick_s
        with ExitStack() as stack, _told_apart(path):
            self._container = stack.enter_context(av.open(str(path), "w"))
            self._container.metadata.update(texts)
            self._stream = self._new_stream(clip.rate)
            if clip.sound_from is None:
                self._sound = None
            else:
                self._sound = stack.enter_context(Sound(clip.sound_from, self._container))
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the file, or let it go where something went wrong."""
        if kind is None:
            self.close()
            return
        with suppress(Exception):  # the first error is the one to tell
            self._stack.close()

    def add(self, image: np.ndarray, time: int) -> None:
        """Write a frame: RGB (h w 3), or 16-bit grey (h w); ``time`` in the clip's ticks."""
        if not self._stream.codec_context.is_open:
            self._begin(*image.shape[:2])
        with _told_apart(self._path):
            frame = self._frame(image)
            frame.pts, frame.time_base = time, self._tick_s
            if self._sound is not None:
                self._sound.up_to(time * self._tick_s)
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is left."""
        with _told_apart(self._path), self._stack:
            if self._stream.codec_context.is_open:
                self._container.mux(self._stream.encode(None))
            if self._sound is not None:
                self._sound.rest()

    def _new_stream(self, rate: Fraction) -> av.VideoStream:
        name = "ffv1" if self._exact else next(c for c in H264 if c in av.codecs_available)
        stream = self._container.add_stream(name, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.time_base = stream.codec_context.time_base = self._tick_s
        return stream

    def _begin(self, height: int, width: int) -> None:
        """Give the encoder its size: even sides for H.264, whose colours are of 2x2 pixels."""
        context = self._stream.codec_context
        if self._exact:
            context.width, context.height, context.pix_fmt = width, height, "gray16le"
            context.options = {"level": "3", "slicecrc": "1", "slices": "4", "g": "1"}
            return
        context.width, context.height = width + width % 2, height + height % 2
        context.pix_fmt, context.options = "yuv420p", dict(QUALITY)
        context.colorspace = context.color_primaries = context.color_trc = BT709

    def _frame(self, image: np.ndarray) -> av.VideoFrame:
        if self._exact:
            return av.VideoFrame.from_ndarray(image, format="gray16le")
        height, width = image.shape[:2]
        even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(even, format="rgb24")
        return frame.reformat(format="yuv420p", dst_colorspace="ITU709")


@contextmanager
def _told_apart(path: Path) -> Iterator[None]:
    """What FFmpeg says of a full disk is an error of the system; what of a video, one of data."""
    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise OSError(error.errno or errno.EIO, reason, str(path)) from None
        raise DataError(
            f"it cannot be written as {path.suffix} ({one_line(error)}); choose another --video"
        ) from None
