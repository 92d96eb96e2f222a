"""Training throughput: our step against a script of the kind that students write.

Both train a network of about ten million weights on the same pairs, in batches of the same size,
data path included: the student decodes and resizes photos of 640x480 for every item, we read the
cache that `depth-unet prepare` made. Each side has a process of its own; they take turns, and only
one runs at a time, so that a busy machine slows both alike. A ratio compares the two turns of one
round. Memory is the most that a side has in use while it warms up for its first turn.

    python benchmarks/throughput.py [--rounds 5] [--seconds 8] [--quick] [--data FOLDER]
"""

import argparse
import contextlib
import json
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from attention import RESULT, commit, device_name, size
from contest.arithmetic import fastest_device, peak_flops
from contest.meter import Settings, Turn
from contest.opponent import Opponent

from depth_unet.cli.main import main as cli
from depth_unet.config.run import Precision
from depth_unet.recipes import RECIPES
from depth_unet.train.devices import has_bf16

OUT = RESULT.parent
ROOMS = RESULT.parents[1] / "bench-data" / "rooms"
NUM_PAIRS = 96
RECIPE_NAMES = ("seed", "transfer")
HEADER = (
    "| Canvas | Side | Weights | Precision | Images/s | Times the student's "
    "| Memory | Waiting for data | Share of peak |\n|---|---|--:|---|--:|--:|--:|--:|--:|"
)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A median with the lowest and highest value."""

    median: float
    low: float
    high: float

    def text(self, digits: int) -> str:
        """The three for reading."""
        low, high = (f"{value:.{digits}f}" for value in (self.low, self.high))
        return f"{self.median:.{digits}f} ({low}–{high})"


@dataclass(kw_only=True)
class Result:
    """What one side did in all rounds at one canvas.

    Attributes:
        canvas: Width x height.
        facts: What the side told of itself.
        memory_bytes: Most memory: of the GPU where there is one, else anonymous.
        images_per_s: Of each round.
        ratios: To the student, of each round.
        waiting: Share of the time in which the loop waited for data, of each round; on a GPU this
            is an upper bound, because the GPU may still be at work.
        peak_share: Share of the peak of a large matrix product in the same precision, likewise.
    """

    canvas: str
    facts: dict[str, Any]
    memory_bytes: int = 0
    images_per_s: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    waiting: list[float] = field(default_factory=list)
    peak_share: list[float] = field(default_factory=list)

    def add(self, turn: Turn, peak_flops_per_s: float) -> None:
        """Note one turn."""
        speed = turn.steps * self.facts["batch_size"] / turn.elapsed_s
        self.images_per_s.append(speed)
        self.waiting.append(turn.waited_s / turn.elapsed_s)
        self.peak_share.append(speed * self.facts["flops_per_image"] / peak_flops_per_s)

    def row(self) -> str:
        """A line of the table."""
        facts = self.facts
        cells = (
            self.canvas,
            facts["side"],
            f"{facts['parameters'] / 1e6:.2f} M",
            facts["precision"],
            spread(self.images_per_s).text(1),
            spread(self.ratios).text(2) if facts["side"] == "ours" else "1",
            size(self.memory_bytes),
            f"{statistics.median(self.waiting):.1%}",
            f"{statistics.median(self.peak_share):.0%}",
        )
        return f"| {' | '.join(cells)} |"


def spread(values: Sequence[float]) -> Spread:
    """Median and extremes."""
    return Spread(median=statistics.median(values), low=min(values), high=max(values))


def contest(sides: Sequence[Settings], options: argparse.Namespace) -> list[Result]:
    """Let the sides take turns at one canvas; the student is the first of them."""
    device = fastest_device()
    canvas = sides[0].config().canvas
    results: list[Result] = []
    with contextlib.ExitStack() as stack:
        opponents = [stack.enter_context(Opponent(settings)) for settings in sides]
        for settings, opponent in zip(sides, opponents, strict=True):
            facts = {"side": settings.side, **opponent.facts()}
            results.append(Result(canvas=f"{canvas.width}×{canvas.height}", facts=facts))
        for _ in range(options.rounds):
            for settings, opponent, result in zip(sides, opponents, results, strict=True):
                peak = peak_flops(device, settings.precision)
                turn = opponent.take_turn(least_s=options.seconds, least_steps=options.least_steps)
                result.add(turn, peak)
            speeds = ", ".join(f"{result.images_per_s[-1]:.1f}" for result in results)
            sys.stderr.write(f"{results[0].canvas}, images/s of each side: {speeds}\n")
        for opponent, result in zip(opponents, results, strict=True):
            result.memory_bytes = opponent.cuda_peak_bytes or opponent.memory_bytes
            pairs = zip(result.images_per_s, results[0].images_per_s, strict=True)
            result.ratios = [one / other for one, other in pairs]
    return results


def prepared(recipe: str, pairs: Path, caches: Path) -> Path:
    """The cache at the size that a recipe reads, made anew."""
    height, width = RECIPES[recipe]().source_size()
    cache = caches / f"cache_{width}x{height}"
    depth_unet("prepare", str(pairs), str(cache), "--size", f"{width}x{height}", "--overwrite")
    return cache


def rendered_rooms() -> Path:
    """Rendered rooms at NYU's size; rendered once."""
    if not (ROOMS / "index.csv").exists():
        wish = ("--images", str(NUM_PAIRS), "--size", "640x480", "--views", "4", "--samples", "2")
        depth_unet("rooms", str(ROOMS), *wish, "--seed", "1", "--test-share", "0", "--overwrite")
    return ROOMS


def depth_unet(*arguments: str) -> None:
    """Run a command of the package.

    Raises:
        RuntimeError: It failed; it has said why.
    """
    if code := cli(arguments):
        raise RuntimeError(f"depth-unet {' '.join(arguments)} ended with exit code {code}")


def line_up(recipe: str, pairs: Path, cache: Path, options: argparse.Namespace) -> list[Settings]:
    """The student, and ours in every precision that the device has."""
    both = {
        "recipe": recipe,
        "batch_size": options.batch_size,
        "warm_steps": options.warm_steps,
        "widths": options.student,
        "micro_batch_size": options.micro_batch_size,
    }
    ours: list[Precision] = ["fp32"]
    if not options.quick and has_bf16(fastest_device()):
        ours.append("bf16")
    return [
        Settings(side="student", data=str(pairs), **both),
        *(Settings(side="ours", data=str(cache), precision=item, **both) for item in ours),
    ]


def page(results: Sequence[Result], options: argparse.Namespace) -> str:
    """The whole page."""
    device = fastest_device()
    words = [f"`python benchmarks/throughput.py {' '.join(sys.argv[1:])}`".replace(" `", "`")]
    words.append(
        f"commit {commit()}, torch {torch.__version__}, Python {platform.python_version()}"
    )
    words.append(device_name(device.type) + (", bf16 in hardware" if has_bf16(device) else ""))
    lines = [
        "# Training throughput, data path included",
        "",
        f"{', '.join(words)}.",
        "",
        f"Batches of {options.batch_size} from {len(results[0].facts['images'])} pairs; "
        f"{options.rounds} rounds of {options.seconds:g} s or more per side, in turn: median "
        "(lowest–highest). Memory: "
        + ("of tensors on the GPU." if device.type == "cuda" else "anonymous, with all workers.")
        + " Share of peak: convolutions and matrix products against one large matrix product in "
        "the same precision.",
        "",
        HEADER,
        *(result.row() for result in results),
    ]
    return "\n".join(lines) + "\n"


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    parser.add_argument("--seconds", type=float, default=8.0, help="least time of a turn")
    parser.add_argument("--recipes", nargs="+", default=RECIPE_NAMES, choices=RECIPES)
    parser.add_argument(
        "--student",
        default="classic",
        choices=("classic", "lean"),
        help="widths of the student's network",
    )
    parser.add_argument("--batch-size", type=int, default=16, help="images per optimiser step")
    parser.add_argument(
        "--micro-batch-size",
        type=int,
        default=-1,
        help="ours; 0: the whole batch, -1: the recipe's",
    )
    parser.add_argument("--data", type=Path, help="pairs to train on, instead of rendered rooms")
    parser.add_argument("--out", type=Path, default=OUT, help="where the results are written")
    parser.add_argument(
        "--quick", action="store_true", help="small and short; figures mean nothing"
    )
    options = parser.parse_args()
    options.least_steps, options.warm_steps = 2, 3
    if options.quick:
        options.recipes, options.least_steps, options.warm_steps = RECIPE_NAMES[:1], 1, 1
        options.rounds, options.seconds, options.batch_size = 1, 0.0, 2
    return options


def main() -> None:
    """Print the page; write it and the figures to build/bench."""
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    pairs = options.data or rendered_rooms()
    caches = options.out if options.data else ROOMS.parent
    results: list[Result] = []
    for recipe in options.recipes:
        cache = prepared(recipe, pairs, caches)
        results += contest(line_up(recipe, pairs, cache, options), options)
    text = page(results, options)
    figures = json.dumps([asdict(result) for result in results], indent=1)
    (options.out / "throughput.json").write_text(figures + "\n", encoding="utf-8")
    (options.out / "throughput.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
