"""How well the camera rule keeps depth metric when a photo is zoomed.

Frames of rooms that were not trained on are cropped about their centre by 1.25, 1.5 and 2.0 and
resized back to their size, which is what a longer lens would see. Each is scored twice: with the
camera that belongs to the crop, and with the original one, as a program without a camera rule
would. The rule holds if AbsRel grows by less than half as much with it.

    python benchmarks/accuracy/focal.py runs/seed --data cache --split unseen
"""

import dataclasses
import math
import sys

from held_out import read_arguments
from rich.console import Console
from robustness import ChangedSource, zoomed

from depth_unet.data.fit import fit_frame
from depth_unet.data.source import Frame
from depth_unet.evaluate.score import score
from depth_unet.metrics.protocols import FULL

ZOOMS = (1.0, 1.25, 1.5, 2.0)


def zoom_in(frame: Frame, zoom: float, *, keeps_camera: bool) -> Frame:
    """The middle of a frame, resized back, with its own camera or the original's."""
    resized = fit_frame(zoomed(frame, zoom), *frame.depth_mm.shape)
    return dataclasses.replace(resized, intrinsics=frame.intrinsics) if keeps_camera else resized


def main() -> int:
    """Print the table; exit 1 if the rule does not hold."""
    model, source, indices, split = read_arguments(__doc__ or "")

    def abs_rel(zoom: float, *, keeps_camera: bool) -> float:
        changed = ChangedSource(
            source, lambda frame, _: zoom_in(frame, zoom, keeps_camera=keeps_camera)
        )
        metrics = score({"network": model.predict_array}, changed, indices, FULL)["network"]
        return metrics.summary(1)["abs_rel"]["mean"]

    say = Console(highlight=False, soft_wrap=True, markup=False).print
    say(f"{len(indices)} frames of {source.info.name}, split {split}; protocol full")
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
