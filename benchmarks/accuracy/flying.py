"""Flying points: how much of the depth beside jumps hangs in the air, and does --edge remove it?

The true jumps must be exact, so the data are rendered rooms. Every frame is predicted by all
networks in turn. Shares of flying points are over the pixels near jumps of all frames. The second
table tells for values of ``--edge`` which share of all points and of the flying ones is left out.

    depth-unet rooms ROOMS --images 100 --size 320x240 --seed 5
    python benchmarks/accuracy/flying.py transfer runs/sharp --data ROOMS
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from rich.console import Console

from depth_unet.config.choices import EDGE
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.source import Frame, Source, mask_invalid
from depth_unet.data.splits import evenly_spaced
from depth_unet.errors import DataError
from depth_unet.evaluate.score import PredictArray, predict_frame
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.metrics.flying import JUMP_M, flying_points
from depth_unet.model.checkpoint import resolve
from depth_unet.outputs.cloud import drop_edges
from depth_unet.predict.model import DepthModel

EDGES = (0.1, 0.15, EDGE, 0.25, 0.3, 0.5)


def count_points(predict: PredictArray, frame: Frame, source: Source) -> np.ndarray:
    """All pixels, those near jumps, flying ones, flying ones at flattened jumps, and by edge.

    For each of ``EDGES``: the pixels that are left out, and the flying ones among them.
    """
    target_m = mask_invalid(frame.depth_mm, source.info) / MILLIMETRES_PER_METRE
    depth_m = predict_frame(predict, frame).numpy()
    found = flying_points(depth_m, target_m, target_m > 0)
    dropped = [drop_edges(depth_m, edge) == 0 for edge in EDGES]
    masks = [*found, *(part for mask in dropped for part in (mask, mask & found.flying))]
    return np.array([target_m.size, *(mask.sum() for mask in masks)])


def main() -> int:
    """Print the share of every network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("weights", nargs="+", metavar="WEIGHTS", help="run, checkpoint or name")
    parser.add_argument("--data", type=Path, required=True, help="rendered rooms")
    parser.add_argument("--most", type=int, default=100, help="frames at most, evenly spaced")
    arguments = parser.parse_args()
    source = open_source(arguments.data)
    models = [DepthModel.from_file(resolve(name)) for name in arguments.weights]
    counts = np.zeros((len(models), 4 + 2 * len(EDGES)))
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
    for name, (pixels, near, flying, flattened) in zip(
        arguments.weights, counts[:, :4], strict=True
    ):
        shares = (near / pixels, flying / near, flattened / max(1, flying), flying / max(1, first))
        cells = " | ".join(f"{share:.3f}" for share in shares)
        say(f"| {name} | {cells} |")
    say("\n| Weights | edge | points left out | flying points left out |")
    say("|---|---|---|---|")
    for name, row in zip(arguments.weights, counts, strict=True):
        for edge, (points, flying) in zip(EDGES, row[4:].reshape(-1, 2), strict=True):
            say(f"| {name} | {edge:g} | {points / row[0]:.3f} | {flying / max(1, row[2]):.3f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
