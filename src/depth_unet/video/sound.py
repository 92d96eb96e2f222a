"""Copy the sound of one video file into another."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Self, TypeAlias

import av

from depth_unet.files.damage import as_data_error

REMEDY = "use another video"
FALLBACK = "aac"
"""Codec for sound that the new container cannot hold as it is."""

Stream = av.AudioStream
Packet: TypeAlias = "av.Packet[av.AudioStream]"  # generic for type checkers alone


class Sound:
    """The audio tracks of a file, written in step with the frames.

    Packets are copied unchanged; tracks with a codec that the new container does not support are
    re-encoded as AAC.

    Args:
        path: The source of the sound.
        container: The file being written, before its first packet.
    """

    def __init__(self, path: Path, container: av.container.OutputContainer) -> None:
        self._path, self._container = path, container
        with ExitStack() as stack, as_data_error(path, "has sound that cannot be read", REMEDY):
            source = stack.enter_context(av.open(str(path), metadata_errors="replace"))
            known = (one for one in source.streams.audio if getattr(one, "codec_context", None))
            self._streams = tuple(known)
            self._tracks = {stream.index: self._track(stream) for stream in self._streams}
            self._stack = stack.pop_all()
        if len(self._streams) < len(source.streams.audio):
            warnings.warn(f"{path}: unsupported audio skipped", stacklevel=2)
        self._packets = self._readable(source.demux(self._streams) if self._streams else ())
        self._next = next(self._packets, None)

    def __enter__(self) -> Self:
        """Return itself; the source is already open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the source."""
        self._stack.close()

    def write_until(self, time_s: Fraction) -> None:
        """Write the packets that start up to ``time_s``."""
        while self._next is not None and self._start_s(self._next) <= time_s:
            self._write(self._next)
            self._next = next(self._packets, None)

    def finish(self) -> None:
        """Write the remaining packets."""
        while self._next is not None:
            self._write(self._next)
            self._next = next(self._packets, None)
        for stream in self._streams:
            track = self._tracks[stream.index]
            if not track.codec_context.is_encoder:
                continue
            with as_data_error(self._path, "has damaged sound", REMEDY):
                delayed = stream.codec_context.decode(None)  # frames that the decoder still holds
            for frame in delayed:
                self._container.mux(track.encode(frame))
            if track.codec_context.is_open:
                self._container.mux(track.encode(None))

    def _track(self, stream: Stream) -> Stream:
        name = stream.codec_context.name
        codec = stream.codec_context.codec.canonical_name
        if codec in self._container.supported_codecs or name in self._container.supported_codecs:
            return self._container.add_stream_from_template(stream)
        track = self._container.add_stream(FALLBACK, rate=stream.codec_context.sample_rate)
        assert isinstance(track, Stream)
        track.codec_context.layout = stream.codec_context.layout
        return track

    def _readable(self, packets: Iterable[Packet]) -> Iterator[Packet]:
        with as_data_error(self._path, "has damaged sound", REMEDY):
            for packet in packets:
                if packet.dts is not None:
                    yield packet

    def _start_s(self, packet: Packet) -> Fraction:
        assert packet.dts is not None
        return packet.dts * packet.time_base

    def _write(self, packet: Packet) -> None:
        track = self._tracks[packet.stream.index]
        if not track.codec_context.is_encoder:
            packet.stream = track
            self._container.mux(packet)
            return
        with as_data_error(self._path, "has damaged sound", REMEDY):
            frames = packet.decode()
        for frame in frames:
            self._container.mux(track.encode(frame))
