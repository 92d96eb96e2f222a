"""The files that a video becomes: coloured, beside the picture, or 16-bit depth."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32, UInt8

from depth_unet.figures.colour import Scale, colourise
from depth_unet.figures.legend import depth_legend
from depth_unet.files.atomic import remove_leftovers, replacing, replacing_folder, write_text
from depth_unet.images.millimetres import as_millimetres
from depth_unet.outputs.depth_facts import DepthFacts
from depth_unet.outputs.depth_write import write_png16
from depth_unet.video.frames import TIMES_NAME, check_replaceable
from depth_unet.video.read import Clip, Frame
from depth_unet.video.write import VideoFile

IN_MILLIMETRES = "millimetres; 0 is a hole"

Kind = Literal["side", "color", "ffv1", "png16"]
Depth = Float32[np.ndarray, "h w"]
Sink = Callable[[Frame, Depth], None]
"""Takes a frame and its depth in metres, at the frame's size."""


@contextmanager
def open_sink(
    kind: Kind, path: Path, clip: Clip, facts: DepthFacts, scale: Scale | None
) -> Iterator[Sink]:
    """Write a file (``png16``: a folder) that is there when the block ends well, and not before.

    Args:
        kind: Picture and colours side by side, colours, depth as FFV1, depth as PNG files.
        path: Where.
        clip: Whose rate, times and sound the file has.
        facts: What it says of itself.
        scale: Depths and their colours; None where no kind has colours.

    Raises:
        DataError: A file, or a folder with other things in it, is in the place of one of frames.
        OSError: Not all could be written.
    """
    remove_leftovers(path)
    match kind:
        case "side" | "color":
            assert scale is not None
            texts = _texts_of_colours(facts, scale)
            with (
                replacing(path) as temporary,
                VideoFile(temporary, clip, texts, exact=False) as file,
            ):
                yield _side(file, scale) if kind == "side" else _colours(file, scale)
        case "ffv1":
            texts = facts.texts(IN_MILLIMETRES)
            with (
                replacing(path) as temporary,
                VideoFile(temporary, clip, texts, exact=True) as file,
            ):
                yield lambda frame, depth_m: file.add(as_millimetres(depth_m), frame.time)
        case "png16":
            check_replaceable(path)
            with replacing_folder(path) as folder:
                times_s = list[float]()
                yield _pictures(folder, clip, facts, times_s)
                rows = (f"{number:06d}.png,{time:.6f}\n" for number, time in enumerate(times_s))
                write_text(folder / TIMES_NAME, "".join(("frame,time_s\n", *rows)))


def _side(file: VideoFile, scale: Scale) -> Sink:
    strips = dict[int, np.ndarray]()

    def add(frame: Frame, depth_m: Depth) -> None:
        both = np.hstack((frame.image, _coloured(depth_m, scale)))
        width = both.shape[1]
        if width not in strips:
            strips[width] = depth_legend(width, scale)
        file.add(np.vstack((both, strips[width])), frame.time)

    return add


def _colours(file: VideoFile, scale: Scale) -> Sink:
    return lambda frame, depth_m: file.add(_coloured(depth_m, scale), frame.time)


def _coloured(depth_m: Depth, scale: Scale) -> UInt8[np.ndarray, "h w 3"]:
    return colourise(depth_m, scale.low, scale.high, colormap=scale.colormap)


def _pictures(folder: Path, clip: Clip, facts: DepthFacts, times_s: list[float]) -> Sink:
    numbers = itertools.count()

    def add(frame: Frame, depth_m: Depth) -> None:
        write_png16(depth_m, folder / f"{next(numbers):06d}.png", facts)
        times_s.append(float(frame.time * clip.tick_s))

    return add


def _texts_of_colours(facts: DepthFacts, scale: Scale) -> Mapping[str, str]:
    """MP4 has a place for these two names, which every player reads."""
    colours = f"colours: {scale.colormap}, {scale.low:g} to {scale.high:g} metres"
    return {"title": facts.photo, "comment": f"{facts.line('metres')}; {colours}"}
