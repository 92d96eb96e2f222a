"""The outcome of a comparison: as one value, what a paired difference shows, and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from depth_unet.config.values import differences
from depth_unet.files.atomic import write_text
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.depth import is_higher_better
from depth_unet.metrics.protocols import EvalProtocol
from depth_unet.report.comparison.frames import FairFrames
from depth_unet.report.comparison.runs import Run
from depth_unet.report.page import Interval

Verdict = Literal["better", "worse", "no difference"]

RESULT_NAME = "comparison.json"

FEWEST_IMAGES = 10
"""With fewer images a bootstrap interval is too narrow to judge by: two images that happen to agree
agree in every resample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Scores of several runs on the same frames, under one protocol.

    Attributes:
        protocol: Crop, mask, averaging, flip and alignment.
        data: Folder of the data set.
        dataset: Name of the data set.
        runs: At least two; the others are compared with the first.
        engine: What ran the networks, with its version.
        frames: The frames that every run is scored on, by split.
        num_rooms: Rooms of these frames, by split; None where rooms have no names.
        scores: By split, then by the run's name.
    """

    protocol: EvalProtocol
    data: Path
    dataset: str
    runs: tuple[Run, ...]
    engine: str
    frames: Mapping[str, FairFrames]
    num_rooms: Mapping[str, int | None]
    scores: Mapping[str, Mapping[str, MetricAccumulator]]

    @property
    def first(self) -> Run:
        """The run that the others are compared with."""
        return self.runs[0]

    def num_images(self, split: str) -> int:
        """Images of a split that have valid depth."""
        return self.scores[split][self.first.name].num_images

    def summaries(self, split: str) -> dict[str, dict[str, dict[str, float]]]:
        """Every run's metrics with their intervals."""
        return {run.name: self.scores[split][run.name].summary() for run in self.runs}

    def differences(self, split: str) -> dict[str, dict[str, dict[str, float]]]:
        """Every other run's metrics minus the first's, with paired intervals."""
        scores = self.scores[split]
        base = scores[self.first.name]
        return {run.name: scores[run.name].difference(base) for run in self.runs[1:]}

    def headline(self) -> str:
        """Runs, data and protocol in one line."""
        names = ", ".join(run.name for run in self.runs)
        return f"{names} ({self.engine}); {self.protocol.describe(f'as {self.dataset} gives it')}"


def verdict(metric: str, difference: Interval, num_images: int) -> Verdict:
    """What a paired difference shows: no difference if its interval holds 0, or images are few.

    Args:
        metric: One of ``METRIC_NAMES``.
        difference: ``low`` and ``high`` of the run's metric minus the first run's.
        num_images: Number of images.
    """
    if num_images < FEWEST_IMAGES or not (difference["low"] > 0 or difference["high"] < 0):
        return "no difference"
    rises = difference["low"] > 0
    return "better" if rises == is_higher_better(metric) else "worse"


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
        "engine": comparison.engine,
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
    """Every run's value of each config field in which a run differs from the first."""
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
