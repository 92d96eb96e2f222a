"""What `--memory` makes of a batch of 64: the plan, the memory that it took, and what it costs.

Every budget is a run of its own at the command line, of two steps with a validation and its
checkpoints. Speed: in one process, passes of every size in turn, so that a busy machine slows all
alike; the table shows the planned size's images per second against the best size's.

    python benchmarks/planner.py [--recipes seed base paper] [--budgets 1 2 4 8] [--rounds 3]
"""

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from depth_unet import recipes
from depth_unet.data.mixture import open_data
from depth_unet.model.checkpoint import LAST_NAME, read
from depth_unet.train.devices import make_fabric, settled
from depth_unet.train.loop import Trainer

BATCH = 64
NUM_PAIRS = 90
NUM_STEPS = 2
SIZES = (1, 2, 4, 8, 16, 32, 64)
LARGEST_S = 20.0  # larger sizes are left out where one round would take longer
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
    """One run; what it said of its plan and its memory, or why it was refused."""
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


def speeds(recipe: str, data: Path, out: Path, rounds: int) -> dict[int, float]:
    """Images per second of every micro-batch, passes taking turns."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    wanted = replace(recipes.RECIPES[recipe](), batch_size=BATCH, precision="auto", fraction=1.0)
    config = settled(wanted, device)
    source = open_data([str(data)])
    splits = source.split(fraction=1.0, holdout=0.1, seed=config.seed)
    trainer = Trainer(config, source, splits, out, fabric=make_fabric(config, device))
    raw = trainer.loader.load(0)
    times: dict[int, list[float]] = {}
    for _ in range(rounds):
        for size in SIZES:
            measured = trainer.engine.measure(raw, size, checkpointing=False)
            times.setdefault(size, []).append(measured.s_per_image)
            if measured.elapsed_s * 2 > LARGEST_S:
                break
    return {size: 1 / statistics.median(values) for size, values in times.items()}


def rows_of(recipe: str, data: Path, folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """The table's lines for one recipe."""
    found = speeds(recipe, data, folder / "speeds", options.rounds)
    best = max(found, key=lambda size: found[size])
    canvas = recipes.RECIPES[recipe]().canvas
    for gb in options.budgets:
        out = folder / f"{recipe}-{gb}"
        told = run(recipe, data, out, f"{gb}GB")
        name = f"`{recipe}` {canvas.width}×{canvas.height} | {gb} GB"
        if "refused" in told:
            yield f"| {name} | refused: {told['refused']} | | | |"
            continue
        size = read(out / LAST_NAME, only_config=True).extra["plan"]["micro_batch_size"]
        timed = size in found and told["kept"] == "kept"
        speed = f"{found[size] / found[best]:.2f} of {best}'s" if timed else "not timed"
        yield (
            f"| {name} | {told['plan']}, {told['kept']} | {told['predicted']} GB | "
            f"{told['peak']} GB | {speed} |"
        )


def main() -> None:
    """Print the page and write it to build/bench/planner.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--recipes", nargs="+", default=["seed", "base", "paper"])
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
