"""One photo of 640x480 in, depth of 640x480 out: milliseconds, ours and a rival's, in turn.

Resizing on both sides of the network is included, decoding is not. Networks with random weights are
as fast as trained ones. Every network has two threads, and they take turns photo by photo, so that
a busy machine slows all alike. With ``--data``, accuracy is measured too: on the test frames, or on
one fold, which a rival was trained on (its point is drawn open); ``--plot`` draws the one against
the other.

    python benchmarks/accuracy/latency.py [transfer runs/mine] [--peer METER.onnx] [--data nyu]
        [--fold folds/nyu_train.csv:0] [--plot latency.png]
"""

import argparse
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from peer import meter_xxs
from rich.console import Console

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.splits import rooms_of_fold
from depth_unet.evaluate.score import Predictor, score
from depth_unet.metrics.protocols import NYU_EIGEN
from depth_unet.model.checkpoint import Checkpoint, resolve
from depth_unet.model.unet import UNet
from depth_unet.predict.model import DepthModel
from depth_unet.recipes import RECIPES

THREADS = 2
HEIGHT, WIDTH = 480, 640


@dataclass(kw_only=True)
class Contestant:
    """A network and what was measured of it."""

    predict: Predictor
    num_weights: int
    knows_frames: bool = False
    times_ms: list[float] = field(default_factory=list)
    abs_rel: float | None = None


def untrained(recipe: str) -> DepthModel:
    """A recipe's network with random weights."""
    config = RECIPES[recipe]()
    torch.manual_seed(0)
    weights = UNet(config.model).state_dict()
    splits: dict[str, list[str]] = {"train": [], "seen": [], "unseen": [], "test": []}
    return DepthModel(Checkpoint(config=config, step=0, weights=weights, splits=splits))


def contestants(names: list[str], peer: Path | None, *, fold: bool) -> dict[str, Contestant]:
    """The networks by name; without any, those of the recipes. A rival knows every fold."""
    models = {name: DepthModel.from_file(resolve(name)) for name in names} or {
        f"{name} (random weights)": untrained(name) for name in RECIPES
    }
    found = {
        name: Contestant(
            predict=model.predict_array, num_weights=sum(p.numel() for p in model.parameters())
        )
        for name, model in models.items()
    }
    if peer is not None:
        predict = meter_xxs(peer, threads=THREADS)
        found[peer.stem] = Contestant(predict=predict, num_weights=0, knows_frames=fold)
    return found


def take_turns(sides: Mapping[str, Contestant], rounds: int) -> None:
    """Time every side on one random photo after another."""
    camera = Intrinsics.assumed(WIDTH, HEIGHT, NYU_FOCAL)
    random = np.random.default_rng(0)
    for number in range(rounds + 2):  # the first two warm up
        image = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        for side in sides.values():
            begun = time.perf_counter()
            side.predict(image, camera)
            if number > 1:
                side.times_ms.append(1000 * (time.perf_counter() - begun))


def judge(sides: Mapping[str, Contestant], data: Path, fold: str) -> None:
    """AbsRel of every side on the official test frames, or on a fold's; without flip."""
    source = open_source(data)
    rooms = rooms_of_fold(fold)
    frames = [
        index
        for index, row in enumerate(source.rows)
        if (row.room_group in rooms if fold else row.official_split == "test")
    ]
    predictors = {name: side.predict for name, side in sides.items()}
    for name, metrics in score(predictors, source, frames, NYU_EIGEN).items():
        sides[name].abs_rel = metrics.summary(1)["abs_rel"]["mean"]


def row(name: str, side: Contestant) -> str:
    """A line of the table; a rival's weights are not counted."""
    weights = f"{side.num_weights / 1e6:.2f} M" if side.num_weights else ""
    times = side.times_ms
    spread = f"{statistics.median(times):.0f} ({min(times):.0f}–{max(times):.0f})"
    accuracy = "" if side.abs_rel is None else f"{side.abs_rel:.3f}"
    accuracy += " (trained on them)" * (side.knows_frames and bool(accuracy))
    return f"| {name} | {weights} | {spread} | {accuracy} |"


def draw(sides: Mapping[str, Contestant], path: Path) -> None:
    """Milliseconds across, AbsRel up: the best are at the lower left."""
    figure = Figure((6.0, 3.6), 200, layout="constrained")
    axes = figure.add_subplot()
    axes.grid(visible=True, alpha=0.4)
    for name, side in sides.items():
        assert side.abs_rel is not None
        place = statistics.median(side.times_ms), side.abs_rel
        colour = "tab:blue" if side.num_weights else "tab:gray"
        inside = "none" if side.knows_frames else colour
        axes.scatter(*place, s=40, edgecolors=colour, facecolors=inside)
        words = f"{name}\ntrained on these photos" if side.knows_frames else name
        axes.annotate(words, place, (6, 5), textcoords="offset points", fontsize=8)
    axes.margins(y=0.2)
    slowest_ms = max(statistics.median(side.times_ms) for side in sides.values())
    axes.set_xlim(0, 1.4 * slowest_ms)  # room for the last one's name
    axes.set_xlabel(f"ms for {WIDTH}×{HEIGHT}, {THREADS} threads")
    axes.set_ylabel("AbsRel, no flip")
    figure.savefig(path)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("weights", nargs="*", help="weights that ship, files or run folders")
    parser.add_argument("--peer", type=Path, help="METER-XXS as ONNX")
    parser.add_argument("--data", type=Path, help="NYU pairs: accuracy on their test frames")
    parser.add_argument("--fold", default="", help="FILE:FOLD: accuracy on its rooms instead")
    parser.add_argument("--plot", type=Path, help="PNG to draw; needs --data")
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    if options.data is None and (options.fold or options.plot):
        parser.error("--fold and --plot need --data")
    torch.set_num_threads(THREADS)
    sides = contestants(options.weights, options.peer, fold=bool(options.fold))
    take_turns(sides, options.rounds)
    if options.data is not None:
        judge(sides, options.data, options.fold)
        if options.plot is not None:
            draw(sides, options.plot)
    frames = f"fold {options.fold}" if options.fold else "test"
    lines = [
        f"{WIDTH}×{HEIGHT} in and out, torch {torch.__version__}, {THREADS} threads, "
        f"{options.rounds} photos in turn: median (lowest–highest)",
        f"| Network | Weights | ms | AbsRel, {frames}, no flip |\n|---|--:|--:|--:|",
    ]
    lines += [row(name, side) for name, side in sides.items()]
    Console(highlight=False, soft_wrap=True, markup=False).print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
