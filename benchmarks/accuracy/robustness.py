"""What bad photos cost: the same frames blurred, noisy, dark, compressed, grey, cropped, upright.

Every frame is changed at the size that it is stored in, and its depth and camera with it where the
change moves pixels. The changes are drawn from the frame's number: the same in every run.

    python benchmarks/accuracy/robustness.py transfer --data nyu --split unseen
"""

import dataclasses
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from held_out import read_arguments
from PIL import Image
from rich.console import Console

from depth_unet.data.info import DatasetInfo
from depth_unet.data.layout import PairRow
from depth_unet.data.source import Frame, Source
from depth_unet.evaluate.score import score
from depth_unet.metrics.protocols import FULL

Change = Callable[[Frame, np.random.Generator], Frame]
SHOWN = ("abs_rel", "delta1", "rmse")


def of_pixels(change: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Change:
    """A change of the photo that leaves every pixel in its place; values may leave 0 to 255."""

    def changed(frame: Frame, random: np.random.Generator) -> Frame:
        values = change(frame.image.astype(np.float32), random)
        image = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        return dataclasses.replace(frame, image=image)

    return changed


def part(frame: Frame, height: int, width: int) -> Frame:
    """The middle of a frame, its camera with it."""
    rows, columns = frame.depth_mm.shape
    top, left = (rows - height) // 2, (columns - width) // 2
    cut = (slice(top, top + height), slice(left, left + width))
    return Frame(
        image=frame.image[cut],
        depth_mm=frame.depth_mm[cut],
        intrinsics=frame.intrinsics.cropped(left, top, width, height),
    )


def zoomed(frame: Frame, factor: float) -> Frame:
    """The middle, as a longer lens sees it."""
    rows, columns = frame.depth_mm.shape
    return part(frame, round(rows / factor), round(columns / factor))


def upright(frame: Frame, _: np.random.Generator) -> Frame:
    """The middle, three quarters as wide as high."""
    rows = frame.depth_mm.shape[0]
    return part(frame, rows, rows * 3 // 4)


def compressed(image: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """JPEG of quality 10."""
    stream = io.BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(stream, "jpeg", quality=10)
    return np.asarray(Image.open(stream))


def grey(image: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """Luminance in all channels."""
    luminance = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.repeat(luminance[..., None], 3, axis=2)


def noisy(sigma: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    """Independent normal noise in every channel."""
    return lambda image, random: image + random.normal(0, sigma, image.shape)


def dark(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """An eighth of the light, with the noise of a small sensor."""
    return image / 8 + random.normal(0, 3, image.shape)


def blurred(sigma: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    """Out of focus, for a photo of 640 columns."""
    return lambda image, _: cv2.GaussianBlur(image, (0, 0), sigma * image.shape[1] / 640)


CHANGES: dict[str, Change] = {
    "as it is": lambda frame, _: frame,
    "blur, 2 px of 640": of_pixels(blurred(2)),
    "blur, 5 px of 640": of_pixels(blurred(5)),
    "noise, 15 of 255": of_pixels(noisy(15)),
    "noise, 40 of 255": of_pixels(noisy(40)),
    "an eighth of the light, noise": of_pixels(dark),
    "JPEG of quality 10": of_pixels(compressed),
    "grey": of_pixels(grey),
    "focal length × 1.25": lambda frame, _: zoomed(frame, 1.25),
    "focal length × 1.5": lambda frame, _: zoomed(frame, 1.5),
    "focal length × 2": lambda frame, _: zoomed(frame, 2.0),
    "upright, 3:4": upright,
}


class ChangedSource(Source):
    """Every frame of another source, changed."""

    def __init__(self, source: Source, change: Change) -> None:
        self.source, self.change = source, change
        self.root: Path = source.root
        self.rows: Sequence[PairRow] = source.rows
        self.info: DatasetInfo = source.info

    def read(self, index: int) -> Frame:
        """The changed frame."""
        return self.change(self.source.read(index), np.random.default_rng(index))


def main() -> int:
    """Print the table."""
    model, source, indices, split = read_arguments(__doc__ or "")
    rules = FULL.with_range(source.info.max_depth_m)
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    say(f"{len(indices)} frames of {source.info.name}, split {split}; protocol full, 95 %")
    say("| Photos | AbsRel | delta1 | RMSE, m |\n|---|---|---|---|")
    for name, change in CHANGES.items():
        changed = ChangedSource(source, change)
        metrics = score({"network": model.predict_array}, changed, indices, rules)["network"]
        figures = metrics.summary()
        cells = ("{mean:.3f} [{low:.3f}, {high:.3f}]".format(**figures[metric]) for metric in SHOWN)
        say(f"| {name} | {' | '.join(cells)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
