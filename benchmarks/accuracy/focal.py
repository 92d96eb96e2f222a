"""How well the camera rule keeps depth metric when a photo is zoomed.

Frames of rooms that were not trained on are cropped about their centre by 1.25, 1.5 and 2.0 and
resized back to their size, which is what a longer lens would see. Each is scored twice: with the
camera that belongs to the crop, and with the original one, as a program without a camera rule
would. The rule holds if AbsRel grows by less than half as much with it.

    python benchmarks/accuracy/focal.py runs/seed --data cache --split unseen
"""

import argparse
import dataclasses
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from depth_unet.data.fit import fit_frame
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.layout import DatasetInfo, PairRow
from depth_unet.data.source import Frame, Source
from depth_unet.data.splits import Splits, frames_of
from depth_unet.evaluate.score import score
from depth_unet.metrics.protocols import FULL
from depth_unet.model.checkpoint import resolve
from depth_unet.predict.model import DepthModel

ZOOMS = (1.0, 1.25, 1.5, 2.0)


class ZoomedSource(Source):
    """Every frame of another source, cropped about its centre and resized back."""

    def __init__(self, source: Source, zoom: float, *, keeps_camera: bool) -> None:
        self.source = source
        self.zoom = zoom
        self.keeps_camera = keeps_camera
        self.root: Path = source.root
        self.rows: Sequence[PairRow] = source.rows
        self.info: DatasetInfo = source.info

    def read(self, index: int) -> Frame:
        """The zoomed frame, with its own camera or the original's."""
        frame = self.source.read(index)
        height, width = frame.depth_mm.shape
        rows, columns = round(height / self.zoom), round(width / self.zoom)
        top, left = (height - rows) // 2, (width - columns) // 2
        cut = (slice(top, top + rows), slice(left, left + columns))
        cropped = Frame(
            image=frame.image[cut],
            depth_mm=frame.depth_mm[cut],
            intrinsics=frame.intrinsics.cropped(left, top, columns, rows),
        )
        zoomed = fit_frame(cropped, height, width)
        if self.keeps_camera:
            return dataclasses.replace(zoomed, intrinsics=frame.intrinsics)
        return zoomed


def main() -> int:
    """Print the table; exit 1 if the rule does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="unseen")
    arguments = parser.parse_args()
    model = DepthModel.from_file(resolve(arguments.checkpoint))
    source = open_source(arguments.data)
    splits = Splits.from_dict(model.checkpoint.splits).for_source(source)
    indices = frames_of(source.rows, splits, arguments.split)

    def abs_rel(zoom: float, *, keeps_camera: bool) -> float:
        zoomed = ZoomedSource(source, zoom, keeps_camera=keeps_camera)
        metrics = score({"network": model.predict_array}, zoomed, indices, FULL)["network"]
        return metrics.summary(1)["abs_rel"]["mean"]

    say = Console(highlight=False, soft_wrap=True, markup=False).print
    say(f"{len(indices)} frames of {source.info.name}, split {arguments.split}; protocol full")
    say("| zoom | AbsRel with the rule | AbsRel without | growth with / without |")
    say("|---|---|---|---|")
    start, holds = abs_rel(1.0, keeps_camera=False), True
    for zoom in ZOOMS[1:]:
        with_rule, without = (abs_rel(zoom, keeps_camera=keeps) for keeps in (False, True))
        # Where nothing grows without the rule, there is nothing that it could halve.
        share = (with_rule - start) / (without - start) if without > start else math.inf
        holds &= share < 0.5
        say(f"| {zoom} | {with_rule:.3f} | {without:.3f} | {share:.2f} |")
    say(f"without zoom: {start:.3f}; the rule {'holds' if holds else 'does not hold'}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
