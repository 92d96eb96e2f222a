"""The outcome of an evaluation: as one value, and as ``metrics.json`` and ``per_image.csv``."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depth_unet.config.run import Config
from depth_unet.data.layout import PairRow
from depth_unet.files.atomic import replacing, write_text
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.depth import METRIC_NAMES
from depth_unet.metrics.protocols import EvalProtocol
from depth_unet.report.page import SPACE

NETWORK = "network"
RESULT_NAME = "metrics.json"
PER_IMAGE_NAME = "per_image.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Scores of one method and of the guesses it must beat, under one protocol.

    Attributes:
        protocol: Crop, mask, averaging, flip and alignment.
        name: What a leaderboard calls the method.
        data: The folder that was scored.
        dataset: Name of the data set.
        num_rooms: Rooms of the scored frames, by split; None where rooms have no names.
        scores: By split, then by predictor (``network`` for the method, and the guesses).
    """

    protocol: EvalProtocol
    name: str = NETWORK
    data: Path
    dataset: str
    num_rooms: Mapping[str, int | None]
    scores: Mapping[str, Mapping[str, MetricAccumulator]]

    def label(self, predictor: str) -> str:
        """What tables call one of the predictors."""
        return predictor

    def ground_truth(self) -> str:
        """Whose depth is taken for the truth."""
        return f"as {self.dataset} gives it"

    def num_images(self, split: str) -> int:
        """Images of a split that have a depth that counts."""
        return self.scores[split][NETWORK].num_images


@dataclass(frozen=True, slots=True, kw_only=True)
class Results(Scored):
    """Scores of a network.

    Attributes:
        checkpoint: The file that was scored.
        config: What it was trained with.
        step: Optimiser steps that it was trained for.
        origin: The weights that training began with, in words; empty for random ones.
        num_weights: Trained numbers in the network.
        train_frames: Frames that the network was trained on.
        trained_here: Whether the scored data set holds those frames.
        train_rooms: Rooms of those frames; None where that cannot be known.
    """

    checkpoint: Path
    config: Config
    step: int
    origin: str
    num_weights: int
    train_frames: int
    trained_here: bool
    train_rooms: int | None

    def headline(self) -> str:
        """What was scored, how, on what: one line."""
        return (
            f"{self.checkpoint} ({self.config.recipe}, {self.step} steps); "
            f"{self.protocol.describe(self.ground_truth())}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResults(Scored):
    """Scores of depth files that another program wrote; how it came by them is not known.

    Attributes:
        folder: Where they lie.
        kinds: How many files there are of each ending.
        unit: The unit that was given for all of them; empty where none was.
        order: Whether files were paired with frames by number, not by name.
        num_weights: Trained numbers in whatever predicted them, as stated by the user, or None.
        missing_shares: Share of pixels without a prediction, by split.
    """

    folder: Path
    kinds: Mapping[str, int]
    unit: str
    order: bool
    num_weights: int | None
    missing_shares: Mapping[str, float]

    def label(self, predictor: str) -> str:
        """What tables call one of the predictors: the method by its own name."""
        return self.name if predictor == NETWORK else predictor

    def headline(self) -> str:
        """What was scored, how, on what: one line."""
        described = self.protocol.describe(self.ground_truth(), flip="as the files have it")
        return f"{self.name} ({self.found()} in {self.folder}); {described}"

    def found(self) -> str:
        """How many files of which kind were scored."""
        return ", ".join(f"{count} {ending} files" for ending, count in self.kinds.items())

    def missing_texts(self) -> list[str]:
        """For each split with pixels that are not predicted: how many, and how they count."""
        nearest_m = self.protocol.clamp_m[0]
        return [
            f"Split {split}: {100 * share:.2f}{SPACE}% of the predicted pixels hold no depth (0, "
            "negative or not finite). They count as the nearest depth of the protocol, "
            f"{nearest_m:g}{SPACE}m."
            for split, share in self.missing_shares.items()
            if share
        ]


AnyResults = Results | FileResults


def count_rooms(rows: Sequence[PairRow]) -> int | None:
    """Different rooms among ``rows``; None where a room has no name, or there is no row."""
    names = {row.room_group for row in rows}
    return None if not names or "" in names else len(names)


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
