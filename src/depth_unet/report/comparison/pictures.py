"""Pictures of a comparison: training curves, and the same photos side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depth_unet.data.source import Source
from depth_unet.data.splits import evenly_spaced
from depth_unet.evaluate.score import PredictArray, predict_frame, with_flip_averaging
from depth_unet.figures.curves import Chart, Line, curves
from depth_unet.figures.side_by_side import SideBySideRow, side_by_side
from depth_unet.figures.write import write_figure
from depth_unet.images.millimetres import MILLIMETRES_PER_METRE
from depth_unet.report.comparison.results import Comparison
from depth_unet.report.comparison.runs import Run
from depth_unet.report.evaluation.table import COLUMNS, LABELS

NUM_FRAMES = 6
AXES = ("optimiser steps", "training images seen")
VALIDATED = ("abs_rel", "delta1")
LOSS_PREFIX = "loss/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """A picture of the same photos for all runs.

    Attributes:
        path: The PNG file.
        split: The split of its photos.
        names: The photos, from top to bottom.
        widest: The photo on which the runs' AbsRel differs most; None if it never differs.
    """

    path: Path
    split: str
    names: tuple[str, ...]
    widest: str | None


def write_curves(comparison: Comparison, out: Path) -> dict[str, Path]:
    """Write ``validation.svg`` and ``loss.svg``, and the same as PNG.

    Returns:
        The SVG files by ``validation`` and ``loss``, without those that no run recorded.
    """
    tags = dict.fromkeys(tag for run in comparison.runs for tag in run.curves)
    charts = {
        "validation": {
            f"{split}/{metric}": f"{COLUMNS[metric]} on {LABELS[split]}"
            for split in ("unseen", "seen")
            for metric in VALIDATED
        },
        "loss": {
            tag: f"training loss: {tag.removeprefix(LOSS_PREFIX)} ↓"
            for tag in sorted(tags, key=lambda tag: tag == f"{LOSS_PREFIX}total")
            if tag.startswith(LOSS_PREFIX)
        },
    }
    written = {}
    for kind, titles in charts.items():
        drawn = [
            _chart(comparison.runs, tag, title) for tag, title in titles.items() if tag in tags
        ]
        if not drawn:
            continue
        figure = curves([run.name for run in comparison.runs], AXES, drawn)
        written[kind] = out / f"{kind}.svg"
        for path in (written[kind], out / f"{kind}.png"):
            write_figure(figure, path)
    return written


def write_side_by_side(
    comparison: Comparison, source: Source, predictors: Mapping[str, PredictArray], out: Path
) -> list[SideBySide]:
    """Write ``SPLIT_side_by_side.png`` for every split: one row per photo, one column per run.

    Photos are evenly spaced over the split, plus the one on which the runs differ most. With flip
    averaging the pictures show the average; an alignment to the true depth is not shown.
    """
    positions = {row.rgb: index for index, row in enumerate(source.rows)}
    if comparison.protocol.flip:
        predictors = {name: with_flip_averaging(predict) for name, predict in predictors.items()}
    pictures = []
    for split in comparison.scores:
        errors = _abs_rel_by_photo(comparison, split)
        names, widest = choose_photos(errors)
        rows = [
            _row(source, positions[name], predictors, errors[name], widest=name == widest)
            for name in names
        ]
        path = out / f"{split}_side_by_side.png"
        write_figure(side_by_side([run.name for run in comparison.runs], rows), path)
        pictures.append(SideBySide(path=path, split=split, names=names, widest=widest))
    return pictures


def choose_photos(
    errors: Mapping[str, Sequence[float]], most: int = NUM_FRAMES
) -> tuple[tuple[str, ...], str | None]:
    """Photos to show: evenly spaced by name, plus the one on which the runs differ most.

    Args:
        errors: Every run's error on every photo.
        most: Maximum number of evenly spaced photos.

    Returns:
        The photos sorted by name, and the one with the largest spread; None if all are equal.
    """
    names = sorted(errors)
    spread = {name: max(errors[name]) - min(errors[name]) for name in names}
    widest = max(names, key=lambda name: spread[name])
    chosen = {names[index] for index in evenly_spaced(range(len(names)), most)}
    if spread[widest] == 0:
        return tuple(sorted(chosen)), None
    return tuple(sorted(chosen | {widest})), widest


def _chart(runs: Sequence[Run], tag: str, title: str) -> Chart:
    return Chart(
        title=title,
        lines=tuple(
            Line(
                run=position,
                along=(
                    tuple(map(float, run.curves[tag].steps)),
                    tuple(float(run.images_seen(step)) for step in run.curves[tag].steps),
                ),
                values=run.curves[tag].values,
            )
            for position, run in enumerate(runs)
            if tag in run.curves
        ),
    )


def _abs_rel_by_photo(comparison: Comparison, split: str) -> dict[str, list[float]]:
    tables = [dict(comparison.scores[split][run.name].per_image()) for run in comparison.runs]
    return {name: [table[name]["abs_rel"] for table in tables] for name in tables[0]}


def _row(
    source: Source,
    index: int,
    predictors: Mapping[str, PredictArray],
    errors: Sequence[float],
    *,
    widest: bool,
) -> SideBySideRow:
    frame = source.read(index)
    name = source.rows[index].rgb
    return SideBySideRow(
        image=frame.image,
        target_m=frame.depth_mm.astype(np.float32) / MILLIMETRES_PER_METRE,
        predictions_m=tuple(
            predict_frame(predict, frame).numpy() for predict in predictors.values()
        ),
        captions=tuple(f"AbsRel {error:.3f}" for error in errors),
        title=f"largest difference: {name}" if widest else name,
    )
