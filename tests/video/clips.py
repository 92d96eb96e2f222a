"""Small videos for the tests."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

RATE = 25


def texture(seed: int = 0, size: tuple[int, int] = (96, 128)) -> np.ndarray:
    """Grey blobs of a few pixels, which can be followed."""
    noise = np.random.default_rng(seed).uniform(0, 255, size).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def pictures(count: int, size: tuple[int, int] = (48, 64)) -> list[np.ndarray]:
    """A coloured picture that moves to the left."""
    wide = np.dstack([texture(seed, (size[0], size[1] + 2 * count)) for seed in range(3)])
    return [wide[:, 2 * i : 2 * i + size[1]] for i in range(count)]


def write_clip(
    path: Path,
    frames: Sequence[np.ndarray],
    *,
    times: Sequence[int] | None = None,
    codec: str = "libx264",
    sound: str = "",
    rotation: int = 0,
    pixel: Fraction = Fraction(1),
) -> Path:
    """Write RGB frames without loss of more than a few levels; times in hundredths of a second."""
    times = [4 * i for i in range(len(frames))] if times is None else times
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        height, width = frames[0].shape[:2]
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv444p"
        context.time_base = stream.time_base = Fraction(1, 100)
        context.options = {"crf": "4"}
        context.sample_aspect_ratio = pixel
        if rotation:
            stream.set_display_rotation(rotation)
        track = container.add_stream(sound, rate=8000, layout="mono") if sound else None
        for image, time in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 100)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if track is not None:
            for packet in _tone(track, times[-1] / 100):
                container.mux(packet)
    return path


def _tone(track: av.AudioStream, length_s: float) -> list[av.Packet]:
    samples = np.sin(np.arange(int(8000 * max(length_s, 0.2))) / 3).astype(np.float32)[None] / 2
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
    return [*track.encode(frame), *track.encode(None)]
