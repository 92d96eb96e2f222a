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
class BaseResults:
    """Scores of one method and of the guesses that it must beat, under one protocol.

    Attributes:
        protocol: Crop, mask, averaging, flip and alignment.
        name: Name of the method in a leaderboard.
        data: Folder of the data set.
        dataset: Name of the data set.
        num_rooms: Rooms of the scored frames, by split; None where rooms have no names.
        scores: By split, then by predictor: ``network`` for the method, and the guesses.
    """

    protocol: EvalProtocol
    name: str = NETWORK
    data: Path
    dataset: str
    num_rooms: Mapping[str, int | None]
    scores: Mapping[str, Mapping[str, MetricAccumulator]]

    def label(self, predictor: str) -> str:
        """The name of a predictor in tables."""
        return predictor

    def ground_truth(self) -> str:
        """Which depth is the ground truth, for the description of the protocol."""
        return f"as {self.dataset} gives it"

    def num_images(self, split: str) -> int:
        """Images of a split that have valid depth."""
        return self.scores[split][NETWORK].num_images


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkResults(BaseResults):
    """Scores of a network.

    Attributes:
        checkpoint: The scored file.
        sha256: Its checksum.
        engine: What ran the network, with its version.
        config: The config it was trained with.
        step: Optimiser steps that it was trained for.
        origin: The weights that training started from, in words; empty for random ones.
        num_weights: Trained numbers in the network.
        train_frames: Number of frames that the network was trained on.
        trained_here: Whether the scored data set contains those frames.
        train_rooms: Number of rooms of those frames; None if unknown.
    """

    checkpoint: Path
    sha256: str
    engine: str
    config: Config
    step: int
    origin: str
    num_weights: int
    train_frames: int
    trained_here: bool
    train_rooms: int | None

    def headline(self) -> str:
        """Method, data and protocol in one line."""
        return (
            f"{self.checkpoint} ({self.config.recipe}, {self.step} steps; {self.engine}); "
            f"{self.protocol.describe(self.ground_truth())}"
        )

    def method(self) -> dict[str, Any]:
        """What was scored, as plain values."""
        return {
            "checkpoint": str(self.checkpoint),
            "sha256": self.sha256,
            "recipe": self.config.recipe,
            "step": self.step,
            "engine": self.engine,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResults(BaseResults):
    """Scores of depth files that another program wrote.

    Attributes:
        folder: The folder of the files.
        kinds: Number of files by ending.
        unit: The unit that the user gave for all of them; empty if none.
        order: Whether files were matched to frames by number instead of by name.
        num_weights: Number of weights of the method as stated by the user, or None.
        missing_shares: Share of pixels without a prediction, by split.
    """

    folder: Path
    kinds: Mapping[str, int]
    unit: str
    order: bool
    num_weights: int | None
    missing_shares: Mapping[str, float]

    def label(self, predictor: str) -> str:
        """The name of a predictor in tables; the method has its own name."""
        return self.name if predictor == NETWORK else predictor

    def headline(self) -> str:
        """Method, data and protocol in one line."""
        described = self.protocol.describe(self.ground_truth(), flip="as the files have it")
        return f"{self.name} ({self.describe_files()} in {self.folder}); {described}"

    def method(self) -> dict[str, Any]:
        """What was scored, as plain values."""
        return {
            "predictions": str(self.folder),
            "files": dict(self.kinds),
            "unit": self.unit,
            "paired_by": "order" if self.order else "name",
            "share_without_prediction": dict(self.missing_shares),
        }

    def describe_files(self) -> str:
        """How many files of each kind were scored."""
        return ", ".join(f"{count} {ending} files" for ending, count in self.kinds.items())

    def describe_missing(self) -> list[str]:
        """For each split with missing predictions, how many and how they count."""
        nearest_m = self.protocol.clamp_m[0]
        return [
            f"Split {split}: {100 * share:.2f}{SPACE}% of the predicted pixels hold no depth (0, "
            "negative or not finite). They count as the nearest depth of the protocol, "
            f"{nearest_m:g}{SPACE}m."
            for split, share in self.missing_shares.items()
            if share
        ]


Results = NetworkResults | FileResults


def count_rooms(rows: Sequence[PairRow]) -> int | None:
    """Number of different rooms; None if a room has no name, or there is no row."""
    names = {row.room_group for row in rows}
    return None if not names or "" in names else len(names)


def write_results(results: Results, out: Path) -> None:
    """Write ``metrics.json`` and ``per_image.csv`` into the folder ``out``.

    ``metrics.json`` holds the protocol and, for every split, every metric's mean with its 95 %
    bootstrap interval over images, for the method and for the guesses. ``flip`` is null for depth
    files: whether their writer averaged is unknown.
    """
    values = as_values(results)
    _write_per_image(results, out / PER_IMAGE_NAME)
    write_text(out / RESULT_NAME, json.dumps(values, indent=1) + "\n")


def as_values(results: Results) -> dict[str, Any]:
    """The results as plain values, ready for JSON."""
    guesses = {
        split: {name: metrics.summary() for name, metrics in scores.items() if name != NETWORK}
        for split, scores in results.scores.items()
    }
    return {
        "protocol": results.protocol.name,
        "flip": results.protocol.flip if isinstance(results, NetworkResults) else None,
        "alignment": results.protocol.alignment,
        "description": results.headline(),
        "name": results.name,
        "num_weights": results.num_weights,
        **results.method(),
        "dataset": results.dataset,
        "num_images": {name: results.num_images(name) for name in results.scores},
        "num_pixels": {
            name: round(sum(image.sums[0] for image in scores[NETWORK].images))
            for name, scores in results.scores.items()
        },
        "splits": {name: scores[NETWORK].summary() for name, scores in results.scores.items()},
        "guesses": guesses,
    }


def _write_per_image(results: Results, path: Path) -> None:
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("split", "image", *METRIC_NAMES))
        for split, scores in results.scores.items():
            for image, values in scores[NETWORK].per_image():
                writer.writerow((split, image, *(f"{values[name]:.6g}" for name in METRIC_NAMES)))
