"""Write video files: frames with their times, the original sound, and metadata."""

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
"""Encoders by preference; the first that this build of FFmpeg has is used."""
QUALITY = {"crf": "18", "preset": "veryfast"}
BT709 = 1
"""Primaries, transfer and matrix of HDTV, as numbered by ITU-T H.273."""


class VideoFile:
    """A video that is being written; ``close`` completes it.

    Args:
        path: The file; its ending chooses the container.
        clip: The source of rate, ticks and sound.
        lossless: Write 16-bit grey as FFV1, not colours as H.264.
        texts: Metadata of the container.
    """

    def __init__(self, path: Path, clip: Clip, texts: Mapping[str, str], *, lossless: bool) -> None:
        self._lossless, self._path, self._tick_s = lossless, path, clip.tick_s
        with ExitStack() as stack, _translate_errors(path):
            self._container = stack.enter_context(av.open(str(path), "w"))
            self._container.metadata.update(texts)
            self._stream = self._new_stream(clip.rate)
            if clip.sound_from is None:
                self._sound = None
            else:
                self._sound = stack.enter_context(Sound(clip.sound_from, self._container))
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        """Return itself; the file is already open."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Complete the file, or abandon it after an error."""
        if kind is None:
            self.close()
            return
        with suppress(Exception):  # the first error is the one to report
            self._stack.close()

    def add(self, image: np.ndarray, time: int) -> None:
        """Write a frame: RGB (h w 3), or 16-bit grey (h w); ``time`` in the clip's ticks."""
        if not self._stream.codec_context.is_open:
            self._set_size(*image.shape[:2])
        with _translate_errors(self._path):
            frame = self._make_frame(image)
            frame.pts, frame.time_base = time, self._tick_s
            if self._sound is not None:
                self._sound.write_until(time * self._tick_s)
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write the remaining packets and close the file."""
        with _translate_errors(self._path), self._stack:
            if self._stream.codec_context.is_open:
                self._container.mux(self._stream.encode(None))
            if self._sound is not None:
                self._sound.finish()

    def _new_stream(self, rate: Fraction) -> av.VideoStream:
        name = "ffv1" if self._lossless else next(c for c in H264 if c in av.codecs_available)
        stream = self._container.add_stream(name, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.time_base = stream.codec_context.time_base = self._tick_s
        return stream

    def _set_size(self, height: int, width: int) -> None:
        """Set the encoder's size: even sides for H.264, which subsamples colours 2x2."""
        context = self._stream.codec_context
        if self._lossless:
            context.width, context.height, context.pix_fmt = width, height, "gray16le"
            context.options = {"level": "3", "slicecrc": "1", "slices": "4", "g": "1"}
            return
        context.width, context.height = width + width % 2, height + height % 2
        context.pix_fmt, context.options = "yuv420p", dict(QUALITY)
        context.colorspace = context.color_primaries = context.color_trc = BT709

    def _make_frame(self, image: np.ndarray) -> av.VideoFrame:
        if self._lossless:
            return av.VideoFrame.from_ndarray(image, format="gray16le")
        height, width = image.shape[:2]
        even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(even, format="rgb24")
        return frame.reformat(format="yuv420p", dst_colorspace="ITU709")


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    """Raise FFmpeg's system errors (such as a full disk) as OSError, others as DataError."""
    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise OSError(error.errno or errno.EIO, reason, str(path)) from None
        raise DataError(
            f"it cannot be written as {path.suffix} ({one_line(error)}); use another --video"
        ) from None
