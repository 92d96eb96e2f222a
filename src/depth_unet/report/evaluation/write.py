"""Figures of an evaluation as files."""

import csv
import json
from pathlib import Path
from typing import Any

from depth_unet.files.atomic import replacing, write_text
from depth_unet.metrics.depth import METRIC_NAMES
from depth_unet.report.evaluation.results import NETWORK, AnyResults, Results

RESULT_NAME = "metrics.json"
PER_IMAGE_NAME = "per_image.csv"


def write_results(results: AnyResults, out: Path) -> None:
    """Write ``metrics.json`` and ``per_image.csv`` into the folder ``out``.

    ``metrics.json`` holds the protocol's name and, for every split, every metric's mean with its
    95 % bootstrap interval over images; beside them the same for the guesses. ``flip`` is null
    where files were scored: their writer knows.
    """
    values = as_values(results)
    _write_per_image(results, out / PER_IMAGE_NAME)
    write_text(out / RESULT_NAME, json.dumps(values, indent=1) + "\n")


def as_values(results: AnyResults) -> dict[str, Any]:
    """The results as plain values, ready for JSON."""
    guesses = {
        split: {name: metrics.summary() for name, metrics in scores.items() if name != NETWORK}
        for split, scores in results.scores.items()
    }
    return {
        "protocol": results.protocol.name,
        "flip": results.protocol.flip if isinstance(results, Results) else None,
        "alignment": results.protocol.alignment,
        "description": results.headline(),
        "name": results.name,
        "num_weights": results.num_weights,
        **_method(results),
        "dataset": results.dataset,
        "num_images": {name: results.num_images(name) for name in results.scores},
        "num_pixels": {
            name: round(sum(image.sums[0] for image in scores[NETWORK].images))
            for name, scores in results.scores.items()
        },
        "splits": {name: scores[NETWORK].summary() for name, scores in results.scores.items()},
        "guesses": guesses,
    }


def _method(results: AnyResults) -> dict[str, Any]:
    """What was scored: a checkpoint, or a folder of files."""
    if isinstance(results, Results):
        return {
            "checkpoint": str(results.checkpoint),
            "recipe": results.config.recipe,
            "step": results.step,
        }
    return {
        "predictions": str(results.folder),
        "files": dict(results.kinds),
        "unit": results.unit,
        "paired_by": "order" if results.order else "name",
        "share_without_prediction": dict(results.missing_shares),
    }


def _write_per_image(results: AnyResults, path: Path) -> None:
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("split", "image", *METRIC_NAMES))
        for split, scores in results.scores.items():
            for image, values in scores[NETWORK].per_image():
                writer.writerow((split, image, *(f"{values[name]:.6g}" for name in METRIC_NAMES)))
