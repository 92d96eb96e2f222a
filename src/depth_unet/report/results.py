"""The outcome of one evaluation, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.protocols import EvalProtocol

NETWORK = "network"


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Scores of a network and of the guesses it must beat, under one protocol.

    Attributes:
        protocol: Crop, mask, averaging, flip and alignment.
        checkpoint: The file that was scored.
        recipe: What it was trained by.
        step: Optimiser steps that it was trained for.
        dataset: Name of the data set.
        scores: By split, then by predictor (``network`` and the guesses).
    """

    protocol: EvalProtocol
    checkpoint: Path
    recipe: str
    step: int
    dataset: str
    scores: Mapping[str, Mapping[str, MetricAccumulator]]

    def headline(self) -> str:
        """What was scored, how, on what: one line."""
        ground_truth = f"as {self.dataset} gives it"
        return (
            f"{self.checkpoint} ({self.recipe}, {self.step} steps); "
            f"{self.protocol.describe(ground_truth)}"
        )
