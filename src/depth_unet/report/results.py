"""The outcome of one evaluation, as one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from depth_unet.config.run import Config
from depth_unet.layout import PairRow
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.protocols import EvalProtocol

NETWORK = "network"


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Scores of a network and of the guesses it must beat, under one protocol.

    Attributes:
        protocol: Crop, mask, averaging, flip and alignment.
        checkpoint: The file that was scored.
        config: What it was trained with.
        step: Optimiser steps that it was trained for.
        origin: The weights that training began with, in words; empty for random ones.
        num_weights: Trained numbers in the network.
        data: The folder that was scored.
        dataset: Name of the data set.
        train_frames: Frames that the network was trained on.
        trained_here: Whether the scored data set holds those frames.
        train_rooms: Rooms of those frames; None where that cannot be known.
        num_rooms: Rooms of the scored frames, by split; None where rooms have no names.
        scores: By split, then by predictor (``network`` and the guesses).
    """

    protocol: EvalProtocol
    checkpoint: Path
    config: Config
    step: int
    origin: str
    num_weights: int
    data: Path
    dataset: str
    train_frames: int
    trained_here: bool
    train_rooms: int | None
    num_rooms: Mapping[str, int | None]
    scores: Mapping[str, Mapping[str, MetricAccumulator]]

    def headline(self) -> str:
        """What was scored, how, on what: one line."""
        ground_truth = f"as {self.dataset} gives it"
        return (
            f"{self.checkpoint} ({self.config.recipe}, {self.step} steps); "
            f"{self.protocol.describe(ground_truth)}"
        )


def count_rooms(rows: Sequence[PairRow]) -> int | None:
    """Different rooms among ``rows``; None where a room has no name, or there is no row."""
    names = {row.room_group for row in rows}
    return None if not names or "" in names else len(names)
