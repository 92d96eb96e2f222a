"""The sound of one file, in another."""

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Self, TypeAlias

import av

from depth_unet.damage import told_as_damage

FALLBACK = "aac"
"""For sound that the new container cannot hold as it is."""

Stream = av.AudioStream
Packet: TypeAlias = "av.Packet[av.AudioStream]"  # generic for type checkers alone


class Sound:
    """Every sound track of a file, copied beside the pictures as they are written.

    Packets are copied as they are; tracks whose form the new container does not take are encoded
    anew as AAC.

    Args:
        path: Where the sound comes from.
        container: The file being written, before its first packet.
    """

    def __init__(self, path: Path, container: av.container.OutputContainer) -> None:
        self._path, self._container, self._stack = path, container, ExitStack()
        source = self._stack.enter_context(av.open(str(path), metadata_errors="replace"))
        self._tracks = {stream.index: self._track(stream) for stream in source.streams.audio}
        self._packets = self._read(source)
        self._next = next(self._packets, None)

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file that the sound comes from."""
        self._stack.close()

    def up_to(self, time_s: Fraction) -> None:
        """Write the packets that begin before ``time_s``."""
        while self._next is not None and self._begins_s(self._next) <= time_s:
            self._write(self._next)
            self._next = next(self._packets, None)

    def rest(self) -> None:
        """Write all that is left."""
        while self._next is not None:
            self._write(self._next)
            self._next = next(self._packets, None)
        for track in self._tracks.values():
            if track.codec_context.is_encoder and track.codec_context.is_open:
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

    def _read(self, source: av.container.InputContainer) -> Iterator[Packet]:
        with told_as_damage(self._path, "has damaged sound", "name another video"):
            for packet in source.demux(source.streams.audio):
                if packet.dts is not None:
                    yield packet

    def _begins_s(self, packet: Packet) -> Fraction:
        assert packet.dts is not None
        return packet.dts * packet.time_base

    def _write(self, packet: Packet) -> None:
        track = self._tracks[packet.stream.index]
        if not track.codec_context.is_encoder:
            packet.stream = track
            self._container.mux(packet)
            return
        with told_as_damage(self._path, "has damaged sound", "name another video"):
            frames = packet.decode()
        for frame in frames:
            self._container.mux(track.encode(frame))
