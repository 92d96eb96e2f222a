"""The whole of Kaggle's data set on a small computer: start, memory and time by number of pairs.

A stand-in of full length with photos of 64x48 (`standin/kaggle.py`) is inspected, prepared and
trained on for an epoch with a small network, in processes of their own. Memory is the most
anonymous memory of the process: pages of mapped files belong to the system, which takes them back
when it needs them. The time to open is counted after torch was imported. The longest set is also
read as a folder. Needs Linux, which tells a process's memory.

    python benchmarks/scale.py [--pairs 1000 10000 50688] [--data FOLDER]
"""

import argparse
import json
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from attention import RESULT, commit
from contest.opponent import MemoryWatch
from standin.kaggle import HEIGHT, NUM_TRAIN, WIDTH, write_folder, write_zip

OUT = RESULT.parent / "scale.md"
DATA = RESULT.parents[1] / "bench-data" / "scale"
OPEN = """
import json, sys, time, torch
from pathlib import Path
from depth_unet.data.forms.recognise import open_source
start = time.perf_counter()
source = open_source(Path(sys.argv[1]))
print(json.dumps([time.perf_counter() - start, len(source.rows)]))
"""
TRAIN = (
    *("--fraction", "1", "--epochs", "1", "--batch-size", "64", "--holdout", "0.02"),
    *("--canvas.width", str(WIDTH), "--canvas.height", str(HEIGHT), "--augment.zoom", "1"),
    *("--model.widths", "8", "16", "32", "--model.blocks", "1", "1", "1"),
    *("--model.attention-blocks", "0", "1", "1", "--model.head-width", "8"),
    *("--validate-every", "1000000"),  # once, at the end
)
HEADER = "| Pairs | Form | Step | Seconds | Memory, MiB |\n|--:|---|---|--:|--:|"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a command took."""

    elapsed_s: float
    peak_bytes: int
    said: str


def cost_of(*command: object) -> Cost:
    """Run Python with these arguments, and look at its memory until it ends.

    Raises:
        SystemExit: It failed.
    """
    start_s = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watch = MemoryWatch(process.pid)
    assert process.stdout is not None
    said = process.stdout.read()
    if process.wait():
        raise SystemExit(f"{' '.join(map(str, command))}\n{said}")
    elapsed_s = time.perf_counter() - start_s
    return Cost(elapsed_s=elapsed_s, peak_bytes=watch.end(), said=said)


def measured(num_pairs: int, form: str, data: Path) -> list[tuple[str, float, int]]:
    """Open, inspect, prepare, open again and train: the step, its seconds and its memory."""
    root = data / (f"{num_pairs}.zip" if form == "zip" else f"{num_pairs}")
    cache, run = data / f"{num_pairs}-{form}-cache", data / f"{num_pairs}-{form}-run"
    for made in (cache, run):
        shutil.rmtree(made, ignore_errors=True)
    if not root.exists():
        (write_zip if form == "zip" else write_folder)(root, num_pairs)
    program = ("-m", "depth_unet")
    size = f"{WIDTH}x{HEIGHT}"
    rows = [("open", *opened(root))]
    for step, command in (
        ("inspect", ("inspect", root)),
        ("prepare", ("prepare", root, cache, "--size", size)),
    ):
        cost = cost_of(*program, *command)
        rows.append((step, cost.elapsed_s, cost.peak_bytes))
    rows.append(("open the cache", *opened(cache)))
    cost = cost_of(*program, "train", "seed", "--data", cache, "--out", run, *TRAIN)
    rows.append(("train an epoch", cost.elapsed_s, cost.peak_bytes))
    return rows


def opened(root: Path) -> tuple[float, int]:
    """Seconds until a data set is open, in a new process that has imported torch; its memory."""
    cost = cost_of("-c", OPEN, root)
    elapsed_s, _ = json.loads(cost.said.splitlines()[-1])
    return elapsed_s, cost.peak_bytes


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, nargs="+", default=[1000, 10_000, NUM_TRAIN])
    parser.add_argument("--data", type=Path, default=DATA)
    arguments = parser.parse_args()
    arguments.data.mkdir(parents=True, exist_ok=True)
    torch_bytes = cost_of("-c", "import torch, time; time.sleep(0.2)").peak_bytes
    forms = [(pairs, "zip") for pairs in arguments.pairs] + [(max(arguments.pairs), "folder")]
    lines = [HEADER]
    for num_pairs, form in forms:
        for step, elapsed_s, peak_bytes in measured(num_pairs, form, arguments.data):
            memory = f"{peak_bytes / 2**20:.0f}"
            lines.append(f"| {num_pairs:,} | {form} | {step} | {elapsed_s:.1f} | {memory} |")
            sys.stdout.write(lines[-1] + "\n")
    head = (
        f"# A whole data set: photos of {WIDTH}x{HEIGHT}, 654 test pairs more\n\n"
        f"`python benchmarks/scale.py`, commit {commit()}, {platform.processor() or 'CPU'}; "
        f"importing torch alone takes {torch_bytes / 2**20:.0f} MiB\n\n"
    )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"written: {OUT}\n")


if __name__ == "__main__":
    main()
