"""Figures of a comparison as a file for programs."""

import json
from pathlib import Path
from typing import Any

from depth_unet.config.values import differences
from depth_unet.files.atomic import write_text
from depth_unet.report.comparison.results import Comparison, verdict
from depth_unet.report.comparison.runs import Run

RESULT_NAME = "comparison.json"


def write_results(comparison: Comparison, out: Path) -> None:
    """Write ``comparison.json`` into the folder ``out``."""
    write_text(out / RESULT_NAME, json.dumps(as_values(comparison), indent=1) + "\n")


def as_values(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain values, ready for JSON."""
    return {
        "protocol": comparison.protocol.name,
        "flip": comparison.protocol.flip,
        "alignment": comparison.protocol.alignment,
        "description": comparison.headline(),
        "data": str(comparison.data),
        "dataset": comparison.dataset,
        "first": comparison.first.name,
        "runs": {run.name: _run(run) for run in comparison.runs},
        "settings": settings(comparison),
        "splits": {split: _split(comparison, split) for split in comparison.scores},
        "curves": {
            run.name: {
                tag: {
                    "steps": curve.steps,
                    "images_seen": [run.images_seen(step) for step in curve.steps],
                    "values": curve.values,
                }
                for tag, curve in run.curves.items()
            }
            for run in comparison.runs
        },
    }


def settings(comparison: Comparison) -> dict[str, dict[str, Any]]:
    """Fields of the config in which a run differs from the first: every run's value, by name."""
    first = comparison.first
    changed = {run.name: differences(first.config, run.config) for run in comparison.runs}
    fields = {field: pair[0] for fields in changed.values() for field, pair in fields.items()}
    return {
        field: {
            name: pairs[field][1] if field in pairs else base for name, pairs in changed.items()
        }
        for field, base in fields.items()
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "checkpoint": str(run.path),
        "recipe": run.config.recipe,
        "step": run.step,
        "images_seen": run.images_seen(run.step),
        "train_frames": len(run.splits.train),
        "origin": run.origin,
        "num_weights": run.num_weights,
    }


def _split(comparison: Comparison, split: str) -> dict[str, Any]:
    frames, num_images = comparison.frames[split], comparison.num_images(split)
    return {
        "num_images": num_images,
        "num_rooms": comparison.num_rooms[split],
        "candidates": frames.candidates,
        "left_out": dict(frames.left_out),
        "scores": comparison.summaries(split),
        "differences": {
            name: {
                metric: {**interval, "verdict": verdict(metric, interval, num_images)}
                for metric, interval in metrics.items()
            }
            for name, metrics in comparison.differences(split).items()
        },
    }
