"""Does the 80 % interval of ``measure`` hold 80 % of the true distances, and what makes it do so?

The correlation of errors is fitted on every other room of the split, and the interval is checked
on the rest, with random pairs of pixels. The values go into ``depth-unet export --correlation``,
after those of ``uncertainty.py`` went into ``--spread-scale``.

    python benchmarks/accuracy/measure.py runs/fold0.safetensors --data nyu --split unseen
"""

import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from held_out import read_arguments
from rich.console import Console

from depth_unet.config.model import CorrelationConfig
from depth_unet.data.source import Source, mask_invalid
from depth_unet.errors import ConfigError
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.predict.measure import INSIDE, TO_EDGE, correlation_of, points_at
from depth_unet.predict.model import DepthModel
from depth_unet.predict.prediction import Prediction

PAIRS = 2000
FAR = np.linspace(0, 0.95, 20)
LENGTHS = np.geomspace(0.01, 3, 15)
LOG_RATIOS = np.geomspace(0.02, 10, 15)
NARROWEST, WIDEST, HALVINGS = 0.5, 2.5, 8
LARGEST_ERROR = 4.0  # standard deviations; larger errors are cut to it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """Two pixels of one photo.

    Attributes:
        prediction: What was predicted for the photo.
        pixels: The two pixels.
        true_m: Their true distance.
        errors: Their errors of log-depth, in standard deviations.
        apart: Their distance, in longer sides of the photo.
        jump: Difference of their predicted log-depth.
    """

    prediction: Prediction
    pixels: list[tuple[int, int]]
    true_m: float
    errors: list[float]
    apart: float
    jump: float


def draw_pairs(
    model: DepthModel, source: Source, indices: Sequence[int], count: int
) -> Iterator[Pair]:
    """Random pairs of pixels with known depth, equally many of every photo."""
    for index in indices:
        frame = source.read(index)
        depth_mm = mask_invalid(frame.depth_mm, source.info)
        prediction = model.predict(frame.image, frame.intrinsics)
        rows, columns = np.nonzero(depth_mm)
        generator = np.random.default_rng(index)
        for _ in range(math.ceil(count / len(indices))):
            chosen = generator.integers(0, len(rows), 2)
            pixels = [(int(columns[i]), int(rows[i])) for i in chosen]
            yield _pair(prediction, pixels, [depth_mm[y, x] for x, y in pixels])


def _pair(prediction: Prediction, pixels: list[tuple[int, int]], true_mm: list[float]) -> Pair:
    points = points_at(pixels, prediction.depth_m, prediction.log_spread, prediction.calibration)
    true = replace(points, depth_m=np.array(true_mm, float) / MILLIMETRES_PER_METRE)
    if points.log_half is None:
        raise ConfigError("the network predicts no spread; train it with --model.spread")
    logs = np.log(true.depth_m / points.depth_m)
    (x, y), (u, v) = pixels
    return Pair(
        prediction=prediction,
        pixels=pixels,
        true_m=float(np.linalg.norm(np.subtract(*true.places_m))),
        errors=(logs * TO_EDGE / points.log_half).tolist(),
        apart=math.hypot(x - u, y - v) / points.longer_side,
        jump=abs(math.log(points.depth_m[0] / points.depth_m[1])),
    )


def fit(pairs: Sequence[Pair]) -> CorrelationConfig:
    """The correlation of greatest likelihood, then the widening that makes 80 % hold."""
    errors = np.array([pair.errors for pair in pairs]).clip(-LARGEST_ERROR, LARGEST_ERROR)
    errors /= np.sqrt((errors**2).mean())
    apart = np.array([pair.apart for pair in pairs])
    jump = np.array([pair.jump for pair in pairs])
    best, least = CorrelationConfig(), math.inf
    for far, length, log_ratio in itertools.product(FAR, LENGTHS, LOG_RATIOS):
        config = CorrelationConfig(far=float(far), length=float(length), log_ratio=float(log_ratio))
        alike = correlation_of(apart, jump, config)
        rest = 1 - np.minimum(alike, 0.9999) ** 2
        squares = (errors**2).sum(axis=1) - 2 * alike * errors.prod(axis=1)
        cost = float((np.log(rest) + squares / rest).mean())
        if cost < least:
            best, least = config, cost
    low, high = NARROWEST, WIDEST
    for _ in range(HALVINGS):
        best = replace(best, widening=(low + high) / 2)
        if coverage(pairs, best) < INSIDE:
            low = best.widening
        else:
            high = best.widening
    return best


def coverage(pairs: Sequence[Pair], correlation: CorrelationConfig) -> float:
    """The share of true distances inside their intervals."""
    inside = 0
    for pair in pairs:
        prediction = replace(pair.prediction, correlation=correlation)
        interval_m = prediction.measure(*pair.pixels).distance.interval_m
        assert interval_m is not None
        inside += interval_m[0] <= pair.true_m <= interval_m[1]
    return inside / len(pairs)


def main() -> int:
    """Print coverage as it is, the values, and coverage with them on the other rooms."""
    model, source, indices, split = read_arguments(__doc__ or "")
    rooms = sorted({source.rows[index].room_group for index in indices})
    fitted = set(rooms[::2])
    parts = [
        [index for index in indices if (source.rows[index].room_group in fitted) is is_fitted]
        for is_fitted in (True, False)
    ]
    ours, others = (list(draw_pairs(model, source, part, PAIRS)) for part in parts)
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    say(f"split {split}: {len(parts[0])} photos to fit, {len(parts[1])} to check")
    stored = model.correlation
    say(f"stored: {stored}: {coverage(ours, stored):.1%} and {coverage(others, stored):.1%}")
    found = fit(ours)
    say(f"fitted: {coverage(ours, found):.1%}, on the other rooms {coverage(others, found):.1%}")
    values = found.far, found.length, found.log_ratio, found.widening
    say("--correlation " + " ".join(f"{value:.3g}" for value in values))
    return 0


if __name__ == "__main__":
    sys.exit(main())
