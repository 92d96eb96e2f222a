"""The files that a video becomes: coloured, beside the picture, or 16-bit depth."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32

from depth_unet.atomic import remove_leftovers, replacing, replacing_folder, write_text
from depth_unet.depthfiles.facts import DepthFacts
from depth_unet.depthfiles.write import write_png16
from depth_unet.figures.colour import DEPTH_COLORMAP, colourise
from depth_unet.figures.legend import depth_legend
from depth_unet.figures.picture import Range
from depth_unet.millimetres import as_millimetres
from depth_unet.video.read import Clip, Frame
from depth_unet.video.write import VideoFile

TIMES_NAME = "times.csv"
IN_MILLIMETRES = "millimetres; 0 is a hole"

Kind = Literal["side", "color", "ffv1", "png16"]
Depth = Float32[np.ndarray, "h w"]
Sink = Callable[[Frame, Depth], None]
"""Takes a frame and its depth in metres, at the frame's size."""


@contextmanager
def open_sink(
    kind: Kind, path: Path, clip: Clip, facts: DepthFacts, range_m: Range
) -> Iterator[Sink]:
    """Write a file (``png16``: a folder) that is there when the block ends well, and not before.

    Args:
        kind: Picture and colours side by side, colours, depth as FFV1, depth as PNG files.
        path: Where.
        clip: Whose rate, times and sound the file has.
        facts: What it says of itself.
        range_m: Depths of the first and the last colour.

    Raises:
        OSError: Not all could be written; ``path`` is named.
    """
    remove_leftovers(path)
    match kind:
        case "side" | "color":
            texts = _texts_of_colours(facts, range_m)
            with (
                replacing(path) as temporary,
                VideoFile(temporary, clip, texts, exact=False) as file,
            ):
                yield _side(file, range_m) if kind == "side" else _colours(file, range_m)
        case "ffv1":
            texts = facts.texts(IN_MILLIMETRES)
            with (
                replacing(path) as temporary,
                VideoFile(temporary, clip, texts, exact=True) as file,
            ):
                yield lambda frame, depth_m: file.add(as_millimetres(depth_m), frame.time)
        case "png16":
            with replacing_folder(path) as folder:
                times_s = list[float]()
                yield _pictures(folder, clip, facts, times_s)
                rows = (f"{number:06d}.png,{time:.6f}\n" for number, time in enumerate(times_s))
                write_text(folder / TIMES_NAME, "".join(("frame,time_s\n", *rows)))


def _side(file: VideoFile, range_m: Range) -> Sink:
    strips = dict[int, np.ndarray]()

    def add(frame: Frame, depth_m: Depth) -> None:
        both = np.hstack((frame.image, colourise(depth_m, *range_m)))
        width = both.shape[1]
        if width not in strips:
            strips[width] = depth_legend(width, range_m)
        file.add(np.vstack((both, strips[width])), frame.time)

    return add


def _colours(file: VideoFile, range_m: Range) -> Sink:
    return lambda frame, depth_m: file.add(colourise(depth_m, *range_m), frame.time)


def _pictures(folder: Path, clip: Clip, facts: DepthFacts, times_s: list[float]) -> Sink:
    numbers = itertools.count()

    def add(frame: Frame, depth_m: Depth) -> None:
        write_png16(depth_m, folder / f"{next(numbers):06d}.png", facts)
        times_s.append(float(frame.time * clip.tick_s))

    return add


def _texts_of_colours(facts: DepthFacts, range_m: Range) -> Mapping[str, str]:
    """MP4 has a place for these two names, which every player reads."""
    low_m, high_m = range_m
    colours = f"colours: {DEPTH_COLORMAP}, {low_m:g} to {high_m:g} metres"
    return {"title": facts.photo, "comment": f"{facts.line('metres')}; {colours}"}
