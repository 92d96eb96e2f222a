"""``comparison.html``: a comparison as one page, which works offline."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from depth_unet.figures.curves import run_colour
from depth_unet.files.atomic import write_text
from depth_unet.metrics.depth import METRIC_NAMES
from depth_unet.report.comparison.pictures import SideBySide
from depth_unet.report.comparison.results import FEWEST_IMAGES, Comparison, as_values
from depth_unet.report.comparison.text import (
    PLACES,
    describe_photos,
    judgements,
    missing_curves,
    points,
    points_range,
)
from depth_unet.report.evaluation.page import is_synthetic
from depth_unet.report.evaluation.table import LABELS
from depth_unet.report.page import render

REPORT_NAME = "comparison.html"


def write_page(
    comparison: Comparison,
    curve_files: Mapping[str, Path],
    pictures: Sequence[SideBySide],
    out: Path,
) -> Path:
    """Write ``comparison.html`` into the folder ``out`` and return its path.

    Args:
        comparison: What was measured.
        curve_files: SVG files by ``validation`` and ``loss``; either may be missing.
        pictures: The same photos side by side, per split.
        out: The folder.
    """
    path = out / REPORT_NAME
    write_text(path, page(comparison, curve_files, pictures))
    return path


def page(
    comparison: Comparison, curve_files: Mapping[str, Path], pictures: Sequence[SideBySide]
) -> str:
    """The page as HTML."""
    names, values = [run.name for run in comparison.runs], as_values(comparison)
    splits = _splits(comparison, values)
    chosen_on = (run for part in comparison.frames.values() for run in part.best_chosen)
    return render(
        "comparison.html",
        title=f"Runs compared on {comparison.dataset}: {', '.join(names)}",
        comparison=comparison,
        names=names,
        splits=splits,
        settings={
            field: [_text(value) for value in row.values()]
            for field, row in values["settings"].items()
        },
        facts=_facts(comparison),
        colours=[run_colour(position) for position in range(len(names))],
        most=max(
            scores["abs_rel"]["high"]
            for part in splits.values()
            for scores in part["scores"].values()
        ),
        places=PLACES,
        labels={split: LABELS[split].capitalize() for split in splits},
        metric_names=METRIC_NAMES,
        points=points,
        points_range=points_range,
        fewest_images=FEWEST_IMAGES,
        is_synthetic=is_synthetic(comparison.dataset),
        chosen_on=list(dict.fromkeys(chosen_on)),
        same_unseen=len({frozenset(run.splits.unseen) for run in comparison.runs}) == 1,
        missing_curves=missing_curves(comparison),
        curve_files=curve_files,
        pictures=pictures,
    )


def _splits(comparison: Comparison, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The values of every split, with sentences."""
    return {
        split: {
            **part,
            "judgements": judgements(comparison, split),
            "photos": describe_photos(comparison, split),
        }
        for split, part in values["splits"].items()
    }


def _facts(comparison: Comparison) -> dict[str, list[str]]:
    """Facts about each run, by the heading of their row."""
    runs = comparison.runs
    return {
        "checkpoint": [str(run.path) for run in runs],
        "recipe": [run.config.recipe for run in runs],
        "started from": [run.origin or "random weights" for run in runs],
        "training photos": [f"{len(run.splits.train):,}" for run in runs],
        "optimiser steps": [f"{run.step:,}" for run in runs],
        "training images seen": [f"{run.images_seen(run.step):,}" for run in runs],
        "weights in the network": [f"{run.num_weights:,}" for run in runs],
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)
