"""Does the 80 % interval of ``measure`` hold 80 % of the true distances, and what makes it do so?

The correlation of errors is fitted on every other room of the split, and the interval is checked
on the rest, with random pairs of pixels. The values go into ``depth-unet export --correlation``,
after those of ``uncertainty.py`` went into ``--spread-scale``.

    python benchmarks/accuracy/measure.py runs/fold0.safetensors --data nyu --split unseen

Then follow the shares for pairs of some distance in the photo, and those after one known depth,
that of the middle. With ``--check``, these are for all rooms with the stored correlation, and
nothing is fitted.
"""

import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from held_out import known_in_the_middle, new_parser, open_split
from rich.console import Console

from depth_unet.arrays import UInt16
from depth_unet.config.model import CorrelationConfig
from depth_unet.data.source import Source, mask_invalid
from depth_unet.errors import ConfigError
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.predict.measure import INSIDE, TO_EDGE, correlation_of, points_at
from depth_unet.predict.model import DepthModel
from depth_unet.predict.prediction import Prediction

PAIRS = 2000
APART_PX = (5, 20, 50, 100)
TRIES = 1000  # of drawing a second pixel, for each that is wanted
FAR = np.linspace(0, 0.95, 20)
LENGTHS = np.geomspace(0.01, 3, 15)
LOG_RATIOS = np.geomspace(0.02, 10, 15)
NARROWEST, WIDEST, HALVINGS = 0.5, 2.5, 8
SAY = Console(highlight=False, soft_wrap=True, markup=False).print
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


def predict_all(
    model: DepthModel, source: Source, indices: Sequence[int]
) -> Iterator[tuple[int, UInt16[np.ndarray, "h w"], Prediction]]:
    """Number, true depth and prediction of every photo, one at a time."""
    for index in indices:
        frame = source.read(index)
        depth_mm = mask_invalid(frame.depth_mm, source.info)
        yield index, depth_mm, model.predict(frame.image, frame.intrinsics)


def draw_pairs(
    prediction: Prediction,
    depth_mm: UInt16[np.ndarray, "h w"],
    *,
    seed: int,
    count: int,
    apart_px: int | None = None,
) -> Iterator[Pair]:
    """Random pairs of pixels with known depth, ``apart_px`` apart in the photo; None: anywhere."""
    for pixels in itertools.islice(_pixels(depth_mm, seed, apart_px, count), count):
        yield _pair(prediction, pixels, [depth_mm[y, x] for x, y in pixels])


def _pixels(
    depth_mm: UInt16[np.ndarray, "h w"], seed: int, apart_px: int | None, wanted: int
) -> Iterator[list[tuple[int, int]]]:
    """Pairs of pixels with depth, drawn at random; fewer than wanted where few are so far apart."""
    rows, columns = np.nonzero(depth_mm)
    height, width = depth_mm.shape
    generator = np.random.default_rng(seed)
    for _ in range(TRIES * wanted):
        first, second = generator.integers(0, len(rows), 2)
        x, y, u, v = (int(place[i]) for i in (first, second) for place in (columns, rows))
        if apart_px is not None:
            angle = generator.uniform(0, math.tau)
            u, v = round(x + apart_px * math.cos(angle)), round(y + apart_px * math.sin(angle))
        if 0 <= u < width and 0 <= v < height and depth_mm[v, u]:
            yield [(x, y), (u, v)]


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


def is_inside(pair: Pair, correlation: CorrelationConfig) -> bool:
    """Whether the true distance lies in its interval."""
    prediction = replace(pair.prediction, correlation=correlation)
    interval_m = prediction.measure(*pair.pixels).distance.interval_m
    assert interval_m is not None
    return interval_m[0] <= pair.true_m <= interval_m[1]


def coverage(pairs: Sequence[Pair], correlation: CorrelationConfig) -> float:
    """The share of true distances inside their intervals."""
    return sum(is_inside(pair, correlation) for pair in pairs) / len(pairs)


def print_table(
    model: DepthModel, source: Source, indices: Sequence[int], correlation: CorrelationConfig
) -> None:
    """Coverage by distance in the photo, as predicted and after one known depth."""
    count = math.ceil(PAIRS / len(indices))
    inside = {apart_px: (list[bool](), list[bool]()) for apart_px in (None, *APART_PX)}
    for index, depth_mm, prediction in predict_all(model, source, indices):
        scaled = prediction.calibrated(known_in_the_middle(depth_mm))
        for apart_px, both in inside.items():
            for given, found in zip((prediction, scaled), both, strict=True):
                pairs = draw_pairs(given, depth_mm, seed=index, count=count, apart_px=apart_px)
                found.extend(is_inside(pair, correlation) for pair in pairs)
    SAY("| Pixels apart | interval holds | after one known depth |\n|---|---|---|")
    for apart_px, both in inside.items():
        shares = " | ".join(f"{np.mean(found):.1%}" for found in both)
        SAY(f"| {apart_px or 'any'} | {shares} |")


def main() -> int:
    """Print coverage as it is, the values, and coverage with them on the other rooms."""
    parser = new_parser(__doc__ or "")
    parser.add_argument("--check", action="store_true", help="fit nothing, use all rooms")
    arguments = parser.parse_args()
    model, source, indices, split = open_split(arguments)
    if arguments.check:
        SAY(f"{len(indices)} photos of {source.info.name}, split {split}; {model.correlation}")
        print_table(model, source, indices, model.correlation)
        return 0
    rooms = sorted({source.rows[index].room_group for index in indices})
    fitted = set(rooms[::2])
    parts = [
        [index for index in indices if (source.rows[index].room_group in fitted) is is_fitted]
        for is_fitted in (True, False)
    ]
    ours, others = (
        [
            pair
            for index, depth_mm, prediction in predict_all(model, source, part)
            for pair in draw_pairs(
                prediction, depth_mm, seed=index, count=math.ceil(PAIRS / len(part))
            )
        ]
        for part in parts
    )
    SAY(f"split {split}: {len(parts[0])} photos to fit, {len(parts[1])} to check")
    stored = model.correlation
    SAY(f"stored: {stored}: {coverage(ours, stored):.1%} and {coverage(others, stored):.1%}")
    found = fit(ours)
    SAY(f"fitted: {coverage(ours, found):.1%}, on the other rooms {coverage(others, found):.1%}")
    values = found.far, found.length, found.log_ratio, found.widening
    SAY("--correlation " + " ".join(f"{value:.3g}" for value in values))
    print_table(model, source, parts[1], found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
