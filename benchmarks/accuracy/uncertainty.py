"""Does the 80 % interval hold 80 % of the true depths, and what factor makes it do so?

The factor goes into ``depth-unet export --spread-scale``. With it, coverage is shown for intervals
of other widths too, and how AbsRel falls when the least certain pixels are left out: a spread that
says nothing leaves it as it is.

    python benchmarks/accuracy/uncertainty.py runs/fold0 --data nyu --split unseen
"""

import math
import sys
from collections.abc import Sequence

import numpy as np
from held_out import read_arguments
from rich.console import Console

from depth_unet.data.source import Source, mask_invalid
from depth_unet.errors import ConfigError
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.predict.model import DepthModel

SHARES = (0.5, 0.8, 0.9, 0.95)
LEFT_OUT = (0.0, 0.1, 0.25, 0.5)
PIXELS = 2000  # of every photo, drawn at random


def errors_of(model: DepthModel, source: Source, indices: Sequence[int]) -> list[np.ndarray]:
    """Per photo: |log error| in units of its spread, the spread, and relative error (n x 3)."""
    found = []
    for index in indices:
        frame = source.read(index)
        depth_mm = mask_invalid(frame.depth_mm, source.info)
        answer = model.predict(frame.image, frame.intrinsics)
        if answer.uncertainty_m is None:
            raise ConfigError("the network predicts no spread; train it with --model.spread")
        spread = np.arcsinh(answer.uncertainty_m / answer.depth_m) / math.log(5)
        rows, columns = np.nonzero(depth_mm)
        chosen = np.random.default_rng(index).integers(0, len(rows), PIXELS)
        place = rows[chosen], columns[chosen]
        truth_m = depth_mm[place] / MILLIMETRES_PER_METRE
        error = np.abs(np.log(answer.depth_m[place] / truth_m))
        relative = np.abs(answer.depth_m[place] / truth_m - 1)
        found.append(np.stack((error / spread[place], spread[place], relative), axis=1))
    return found


def main() -> int:
    """Print the factor and the two tables."""
    model, source, indices, split = read_arguments(__doc__ or "")
    photos = errors_of(model, source, indices)
    pixels = np.concatenate(photos)
    factor = float(np.quantile(pixels[:, 0], 0.8)) / math.log(5)
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    scale = model.config.model.spread_scale
    say(f"{len(photos)} photos, split {split}; spread_scale {scale:g}")
    say(f"80 % of the truth lies within {factor:.3f} times the interval: {scale * factor:.3f}")
    say("| Interval | holds | with that factor |\n|---|---|---|")
    for share in SHARES:
        limit = -math.log(1 - share)
        plain, scaled = (np.mean(pixels[:, 0] <= limit * k) for k in (1.0, factor))
        say(f"| {share:.0%} | {plain:.1%} | {scaled:.1%} |")
    say("| Least certain pixels left out | AbsRel |\n|---|---|")
    for share in LEFT_OUT:
        kept = pixels[pixels[:, 1] <= np.quantile(pixels[:, 1], 1 - share)]
        say(f"| {share:.0%} | {kept[:, 2].mean():.3f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
