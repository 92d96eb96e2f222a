"""The outcome of a comparison, as one value, and what a paired difference says."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.protocols import EvalProtocol
from depth_unet.report.comparison.frames import FairFrames
from depth_unet.report.comparison.runs import Run

Verdict = Literal["better", "worse", "no difference"]
Interval = Mapping[str, float]

FEWEST_IMAGES = 10
"""With fewer, an interval from redrawn images is too narrow to judge by: two images that happen to
agree leave no draw in which they do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Scores of several runs on the same frames, under one protocol.

    Attributes:
        protocol: Crop, mask, averaging, flip and alignment.
        data: The folder that was scored.
        dataset: Name of the data set.
        runs: At least two; the others are compared with the first.
        frames: The frames that are fair to all, by split.
        num_rooms: Rooms of these frames, by split; None where rooms have no names.
        scores: By split, then by the run's name.
    """

    protocol: EvalProtocol
    data: Path
    dataset: str
    runs: tuple[Run, ...]
    frames: Mapping[str, FairFrames]
    num_rooms: Mapping[str, int | None]
    scores: Mapping[str, Mapping[str, MetricAccumulator]]

    @property
    def first(self) -> Run:
        """The run that the others are compared with."""
        return self.runs[0]

    def num_images(self, split: str) -> int:
        """Images of a split that every run was scored on."""
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
        """What was scored, how, on what: one line."""
        names = ", ".join(run.name for run in self.runs)
        return f"{names}; {self.protocol.describe(f'as {self.dataset} gives it')}"


def verdict(metric: str, difference: Interval, num_images: int) -> Verdict:
    """What a paired difference shows: nothing where its interval holds 0, or images are few.

    Args:
        metric: One of ``METRIC_NAMES``; of a ``delta`` more is better, of any other less.
        difference: ``low`` and ``high`` of the run's metric minus the first run's.
        num_images: Images that it is a difference over.
    """
    if num_images < FEWEST_IMAGES or not (difference["low"] > 0 or difference["high"] < 0):
        return "no difference"
    rises = difference["low"] > 0
    return "better" if rises == metric.startswith("delta") else "worse"
