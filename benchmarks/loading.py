"""Loading: images per second from the cache, from JPEG and PNG, and from memory itself.

In turn, in one process: a `Dataset` and `DataLoader` of the kind that students write
(`contest/student.py`), which decodes and resizes a photo and a depth map for every item; our loader
on the cache that `depth-unet prepare` made, photos, depth, cameras and keys as the trainer takes
them; and a plain copy of the same number of bytes, frame by frame in random order. Then our
training step in a process of its own, as in `throughput.py`.

    python benchmarks/loading.py [--rounds 5] [--seconds 4] [--data FOLDER]
"""

import argparse
import itertools
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from attention import commit
from contest.meter import Settings
from contest.opponent import Opponent
from contest.student import Pairs, read_files
from throughput import OUT, ROOMS, Spread, prepared, rendered_rooms, spread
from torch.utils.data import DataLoader

from depth_unet.data.cache import CacheSource
from depth_unet.data.loader import Loader
from depth_unet.data.order import EpochOrder
from depth_unet.data.prepare import BYTES_PER_PIXEL
from depth_unet.recipes import RECIPES

RECIPE = "seed"
BATCH_SIZE = 16
ENDLESS = 10**7
HEADER = "| Source | Images/s | Times decoding | Times training |\n|---|--:|--:|--:|"


def decoded(pairs: Path) -> Iterator[int]:
    """Batches of the student's loader, without workers; their lengths."""
    canvas = RECIPES[RECIPE]().canvas
    items = Pairs(read_files(pairs), (canvas.width, canvas.height))
    loader = DataLoader(items, batch_size=BATCH_SIZE, shuffle=True)
    for _ in itertools.count():
        for image, _depth in loader:
            yield len(image)


def cached(cache: Path) -> Iterator[int]:
    """Batches of our loader with one worker, at the size that the recipe reads."""
    source = CacheSource(cache)
    order = EpochOrder([list(range(len(source.rows)))], seed=0)
    loader = Loader(
        source, order, size=RECIPES[RECIPE]().source_size(), batch_size=BATCH_SIZE, workers=1
    )
    for _, batch in loader.batches(0, ENDLESS):
        yield len(batch)


def copied(num_frames: int) -> Iterator[int]:
    """As many bytes as frames of our size have, copied from memory in random order."""
    height, width = RECIPES[RECIPE]().source_size()
    memory = np.ones((num_frames, height * width * BYTES_PER_PIXEL), np.uint8)
    batch = np.empty((BATCH_SIZE, memory.shape[1]), np.uint8)
    random = np.random.default_rng(0)
    for _ in itertools.count():
        for place, frame in enumerate(random.integers(num_frames, size=BATCH_SIZE)):
            np.copyto(batch[place], memory[frame])
        yield BATCH_SIZE


def images_per_s(batches: Iterator[int], least_s: float) -> float:
    """Speed over at least this long; the first batch, which may have been read ahead, is left."""
    next(batches)
    start_s, count = time.perf_counter(), 0
    while time.perf_counter() - start_s < least_s:
        count += next(batches)
    return count / (time.perf_counter() - start_s)


def main() -> None:
    """Measure in turn, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="least time of a turn")
    parser.add_argument("--data", type=Path, help="pairs to load, instead of rendered rooms")
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    pairs = options.data or rendered_rooms()
    cache = prepared(RECIPE, pairs, OUT if options.data else ROOMS.parent)
    num_frames = len(CacheSource(cache).rows)
    # Batches are made anew in each turn: what a loader has read ahead in another's would count.
    sides: dict[str, Callable[[], Iterator[int]]] = {
        "JPEG and PNG, DataLoader": lambda: decoded(pairs),
        "cache": lambda: cached(cache),
        "copy of the same bytes": lambda: copied(num_frames),
    }
    speeds: dict[str, list[float]] = {name: [] for name in (*sides, "training step")}
    settings = Settings(side="ours", data=str(cache), recipe=RECIPE, batch_size=BATCH_SIZE)
    with Opponent(settings) as training:
        training.facts()
        for _ in range(options.rounds):
            for name, begin in sides.items():
                speeds[name].append(images_per_s(begin(), options.seconds))
            turn = training.take_turn(least_s=options.seconds, least_steps=2)
            speeds["training step"].append(turn.steps * BATCH_SIZE / turn.elapsed_s)
    text = page(speeds, num_frames)
    (OUT / "loading.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def page(speeds: dict[str, list[float]], num_frames: int) -> str:
    """The whole page."""
    first, *_, last = speeds
    height, width = RECIPES[RECIPE]().source_size()
    lines = [
        "# Loading",
        "",
        f"`python benchmarks/loading.py`, commit {commit()}, torch {torch.__version__}, Python "
        f"{platform.python_version()}; {num_frames} pairs, cache of {width}x{height}, batches of "
        f"{BATCH_SIZE}; {len(speeds[first])} rounds in turn: median (lowest-highest).",
        "",
        HEADER,
    ]
    for name, values in speeds.items():
        ratios = [ratio(values, speeds[other]).text(1) for other in (first, last)]
        lines.append(f"| {name} | {spread(values).text(0)} | {ratios[0]} | {ratios[1]} |")
    return "\n".join(lines) + "\n"


def ratio(values: list[float], others: list[float]) -> Spread:
    """Ratios of each round."""
    return spread([value / other for value, other in zip(values, others, strict=True)])


if __name__ == "__main__":
    main()
