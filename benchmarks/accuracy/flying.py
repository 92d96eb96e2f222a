"""Flying points: how much of the depth beside jumps hangs in the air between two surfaces?

The true jumps must be exact, so the data are rendered rooms. Every frame is predicted by all
networks in turn; shares are over the pixels near jumps of all frames.

    depth-unet rooms ROOMS --images 100 --size 320x240 --seed 5
    python benchmarks/accuracy/flying.py transfer runs/sharp --data ROOMS
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from rich.console import Console

from depth_unet.data.forms.recognise import open_source
from depth_unet.data.source import Frame, Source, mask_invalid
from depth_unet.data.splits import evenly_spaced
from depth_unet.errors import DataError
from depth_unet.evaluate.score import PredictArray, predict_frame
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.metrics.flying import JUMP_M, flying_points
from depth_unet.model.checkpoint import resolve
from depth_unet.predict.model import DepthModel


def count_points(predict: PredictArray, frame: Frame, source: Source) -> np.ndarray:
    """All pixels, those near jumps, flying ones, and flying ones at flattened jumps."""
    target_m = mask_invalid(frame.depth_mm, source.info) / MILLIMETRES_PER_METRE
    found = flying_points(predict_frame(predict, frame).numpy(), target_m, target_m > 0)
    return np.array([target_m.size, *(mask.sum() for mask in found)])


def main() -> int:
    """Print the share of every network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("weights", nargs="+", metavar="WEIGHTS", help="run, checkpoint or name")
    parser.add_argument("--data", type=Path, required=True, help="rendered rooms")
    parser.add_argument("--most", type=int, default=100, help="frames at most, evenly spaced")
    arguments = parser.parse_args()
    source = open_source(arguments.data)
    models = [DepthModel.from_file(resolve(name)) for name in arguments.weights]
    counts = np.zeros((len(models), 4))
    indices = evenly_spaced(range(len(source.rows)), arguments.most)
    for index in indices:
        frame = source.read(index)
        for number, model in enumerate(models):
            counts[number] += count_points(model.predict_array, frame, source)
    if not counts[0, 1]:
        raise DataError(f"no depth in {source.root} jumps by {JUMP_M} m; name rendered rooms")
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    say(f"{len(indices)} frames of {source.info.name}; no flip averaging")
    say("| Weights | near jumps | flying | of them flattened | times the first |")
    say("|---|---|---|---|---|")
    first = counts[0, 2]
    for name, (pixels, near, flying, flattened) in zip(arguments.weights, counts, strict=True):
        shares = (near / pixels, flying / near, flattened / max(1, flying), flying / max(1, first))
        cells = " | ".join(f"{share:.3f}" for share in shares)
        say(f"| {name} | {cells} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
