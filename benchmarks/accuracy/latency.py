"""One photo of 640x480 in, depth of 640x480 out: milliseconds, ours and a rival's, in turn.

Each network that ships runs in PyTorch and exported, in ONNX Runtime. Resizing on both sides of the
network is included, decoding is not. All have two threads, and they take turns photo by photo, so
that a busy machine slows all alike; each predicts once before its time is taken, because threads of
the one before it may still be waiting actively. The page and the JSON file, from which `make
figures` makes the plot and the table of the docs, state the ratio to PyTorch, photo by photo.

    python benchmarks/accuracy/latency.py [transfer runs/mine] [--peer METER.onnx] [--rounds 30]
        [--json latency.json]
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from peer import meter_xxs
from rich.console import Console

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.evaluate.score import PredictArray
from depth_unet.files.atomic import write_text
from depth_unet.model.shipped import shipped_names
from depth_unet.predict.load import load

THREADS = 2
HEIGHT, WIDTH = 480, 640
PYTORCH, EXPORTED = "PyTorch", "exported"


def contestants(
    names: list[str], peer: Path | None, stack: contextlib.ExitStack
) -> dict[tuple[str, str], PredictArray]:
    """What predicts, by network and engine; a run folder has no exported form."""
    sharing = max(1, len(os.sched_getaffinity(0)) // THREADS)
    found = dict[tuple[str, str], PredictArray]()
    for name in names:
        found[name, PYTORCH] = load(name, engine="torch").predict_array
        if name in shipped_names():
            exported = load(name, engine="onnx")
            stack.enter_context(exported.shared_by(sharing))
            found[name, EXPORTED] = exported.predict_array
    if peer is not None:
        found["METER-XXS", EXPORTED] = meter_xxs(peer, threads=THREADS)
    return found


def take_turns(
    sides: dict[tuple[str, str], PredictArray], rounds: int
) -> dict[tuple[str, str], list[float]]:
    """Milliseconds of every side for one random photo after another."""
    camera = Intrinsics.assumed(WIDTH, HEIGHT, NYU_FOCAL)
    random = np.random.default_rng(0)
    times_ms: dict[tuple[str, str], list[float]] = {side: [] for side in sides}
    for number in range(rounds + 2):  # the first two warm up
        image = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        for side, predict in sides.items():
            predict(image, camera)
            begun = time.perf_counter()
            predict(image, camera)
            if number > 1:
                times_ms[side].append(1000 * (time.perf_counter() - begun))
    return times_ms


def summary(values: list[float]) -> dict[str, float]:
    """Median and extremes."""
    found = {"median": statistics.median(values), "low": min(values), "high": max(values)}
    return {name: round(value, 3) for name, value in found.items()}


def as_values(times_ms: dict[tuple[str, str], list[float]]) -> dict[str, object]:
    """The results as plain values, ready for JSON."""
    sides = []
    for (name, engine), found in times_ms.items():
        eager = times_ms.get((name, PYTORCH), found)
        ratios = [one / other for one, other in zip(eager, found, strict=True)]
        side = {"network": name, "engine": engine, "ms": summary(found)}
        if engine == EXPORTED and found is not eager:
            side["times_pytorch"] = summary(ratios)
        sides.append(side)
    return {
        "machine": f"{platform.machine()}, {THREADS} threads",
        "versions": f"torch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}",
        "photo": f"{WIDTH}×{HEIGHT}",
        "rounds": len(next(iter(times_ms.values()))),
        "sides": sides,
    }


def main() -> int:
    """Measure, print the table, and write the JSON file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "weights", nargs="*", help="weights that ship (default: all) or run folders"
    )
    parser.add_argument("--peer", type=Path, help="METER-XXS as ONNX")
    parser.add_argument("--json", type=Path, help="file to write")
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    with contextlib.ExitStack() as stack:
        sides = contestants(options.weights or shipped_names(), options.peer, stack)
        times_ms = take_turns(sides, options.rounds)
    values = as_values(times_ms)
    if options.json is not None:
        write_text(options.json, json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    say(json.dumps(values, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
