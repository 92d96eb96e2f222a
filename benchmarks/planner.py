"""The plan that `--memory` gives for a batch of 64: its memory and its speed.

Every budget is a run of two steps on the command line, with a validation and its checkpoints. The
speed of the sizes is measured in one process, passes of every size in turn, so that a busy machine
slows all of them alike; planned sizes that are no power of two take part. The table shows the
planned size's images per second as a share of the best size's.

    python benchmarks/planner.py [--recipes seed transfer paper] [--budgets 1 2 4 8] [--rounds 3]
"""

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from depth_unet import recipes
from depth_unet.data.loader import RawBatch
from depth_unet.data.mixture import open_data
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import LAST_NAME
from depth_unet.train.devices import make_fabric, resolve_precision
from depth_unet.train.loop import Trainer
from depth_unet.train.step import MicroBatches

BATCH = 64
NUM_PAIRS = 90
NUM_STEPS = 2
SIZES = (1, 2, 4, 8, 16, 32, 64)
LARGEST_S = 20.0  # sizes beyond one that takes longer for two passes are left out
LONG_S = 1.0  # a pass this long is timed once
RESULT = Path(__file__).resolve().parents[1] / "build" / "bench" / "planner.md"


def write_pairs(root: Path) -> None:
    """Smooth random photos of 640x480 with smooth random depth, nine to a room."""
    rng = np.random.default_rng(0)
    rows = ["rgb,depth,official_split,room_group"]
    for number in range(NUM_PAIRS):
        small = rng.integers(0, 256, (12, 16, 3), np.uint8)
        Image.fromarray(small).resize((640, 480)).save(root / f"{number}.jpg")
        near = Image.fromarray(rng.uniform(1000, 8000, (12, 16)).astype(np.float32))
        depth = np.asarray(near.resize((640, 480))).astype(np.uint16)
        Image.fromarray(depth).save(root / f"{number}.png")
        rows.append(f"{number}.jpg,{number}.png,train,room_{number // 9}")
    (root / "index.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (root / "dataset.json").write_text('{"name": "random"}\n', encoding="utf-8")


def run(recipe: str, data: Path, out: Path, budget: str) -> dict[str, str]:
    """One run: the plan and the memory that it printed, or why it was refused."""
    command = [
        *(sys.executable, "-m", "depth_unet", "train", recipe, "--data", str(data)),
        *("--fraction", "1", "--holdout", "0.1", "--batch-size", str(BATCH)),
        *("--micro-batch-size", "0", "--memory", budget, "--steps", str(NUM_STEPS)),
        *("--precision", "auto", "--out", str(out)),
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    refusal = re.search(r"error: (.+)", answer.stderr)
    if refusal:
        return {"refused": refusal[1]}
    plan = re.search(r"images as (\d+ x \d+), activations (\w+).* peak ([\d.]+)", answer.stderr)
    peak = re.search(r"measured peak ([\d.]+)", answer.stderr)
    if not plan or not peak:
        raise RuntimeError(answer.stderr)
    return {"plan": plan[1], "kept": plan[2], "predicted": plan[3], "peak": peak[1]}


def speeds(
    recipe: str, data: Path, out: Path, planned: Collection[int], rounds: int
) -> dict[int, float]:
    """Images per second of every power of two and every planned size, passes taking turns."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    wanted = replace(recipes.RECIPES[recipe](), batch_size=BATCH, precision="auto", fraction=1.0)
    config = resolve_precision(wanted, device)
    source = open_data([str(data)])
    splits = source.split(fraction=1.0, holdout=0.1, seed=config.seed)
    trainer = Trainer(config, source, splits, out, fabric=make_fabric(config, device))
    raw = trainer.loader.load(0)
    times: dict[int, list[float]] = {}
    for _ in range(rounds):
        for size in sorted({*SIZES, *planned}):
            elapsed_s = pass_s(trainer, raw.slice(0, size))
            times.setdefault(size, []).append(elapsed_s / size)
            if elapsed_s * 2 > LARGEST_S and size >= max(planned, default=0):
                break
    return {size: 1 / statistics.median(values) for size, values in times.items()}


def pass_s(trainer: Trainer, raw: RawBatch) -> float:
    """Seconds of one forward and backward pass; the faster of two, after one to warm up."""
    engine, times = trainer.engine, list[float]()
    engine.network.checkpointing = False
    parts = MicroBatches(raw, len(raw), trainer.config, engine.device)
    counts = engine.gradient.counts(parts.masks())
    for _ in range(3):
        begun = time.perf_counter()
        engine.run_pass(parts, counts)
        times.append(time.perf_counter() - begun)
        if len(times) > 1 and times[-1] > LONG_S:
            break
    engine.network.zero_grad()
    return min(times[1:])


def rows_of(recipe: str, data: Path, folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """The table's lines for one recipe."""
    canvas = recipes.RECIPES[recipe]().canvas
    results, sizes = dict[str, dict[str, str]](), dict[str, int]()
    for gb in options.budgets:
        out = folder / f"{recipe}-{gb}"
        results[gb] = run(recipe, data, out, f"{gb}GB")
        if results[gb].get("kept") == "kept":
            checkpoint = read(out / LAST_NAME, only_config=True)
            sizes[gb] = checkpoint.extra["plan"]["micro_batch_size"]
    found = speeds(recipe, data, folder / "speeds", sizes.values(), options.rounds)
    best = max(found, key=lambda size: found[size])
    for gb, result in results.items():
        name = f"`{recipe}` {canvas.width}×{canvas.height} | {gb} GB"
        if "refused" in result:
            yield f"| {name} | refused: {result['refused']} | | | |"
            continue
        timed = found.get(sizes.get(gb, 0))
        speed = f"{timed / found[best]:.2f} of {best}'s" if timed else "not timed"
        yield (
            f"| {name} | {result['plan']}, {result['kept']} | {result['predicted']} GB | "
            f"{result['peak']} GB | {speed} |"
        )


def main() -> None:
    """Print the page and write it to build/bench/planner.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--recipes", nargs="+", default=["seed", "transfer", "paper"])
    parser.add_argument("--budgets", nargs="+", default=["1", "2", "4", "8"], help="GB")
    parser.add_argument("--rounds", type=int, default=3, help="turns that the medians are over")
    options = parser.parse_args()
    lines = [
        f"Batch of {BATCH}, {NUM_STEPS} steps, torch {torch.__version__}, Python "
        f"{platform.python_version()}, {os.cpu_count()} processors, "
        f"{torch.get_num_threads()} threads.",
        "",
        "| Recipe and budget | Plan, activations | Predicted | Measured peak | Images/s |",
        "|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "pairs"
        data.mkdir()
        write_pairs(data)
        for recipe in options.recipes:
            lines += rows_of(recipe, data, folder, options)
            RESULT.parent.mkdir(parents=True, exist_ok=True)
            RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
