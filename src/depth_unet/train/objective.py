"""What a run learns: the terms of its loss in a part of a batch, and how many of each there are."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from depth_unet.camera.canonical import depth_per_canonical
from depth_unet.config.run import Config
from depth_unet.losses.colour import colour, colour_count
from depth_unet.losses.weighted import WeightedLoss
from depth_unet.records import Batch, SumCount

Network = Callable[..., Any]


class DepthObjective:
    """Depth as the canonical camera would see it.

    Terms stay sum and count: who has the counts of the whole batch divides, once.

    Args:
        config: Loss, canonical focal length, canvas.

    Attributes:
        weights: Weight of every term in the total.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.loss = WeightedLoss(config.loss)
        self.weights = self.loss.weights

    def counts(self, counted: Tensor) -> dict[str, Tensor]:
        """Count of every term, known before there is a prediction.

        Args:
            counted: True where a pixel of the canvas counts (b 1 h w).
        """
        return self.loss.counts(strided(counted, self.config.loss.stride))

    def terms(self, network: Network, batch: Batch) -> dict[str, SumCount]:
        """Every term, after a forward pass."""
        target_m, valid = canonical_target(batch, self.config)
        stride = self.config.loss.stride
        output = network(batch.image, batch.intrinsics_px, output_stride=stride)
        return self.loss(
            output.depth_m,
            target_m,
            valid,
            output.log_spread,
            logits=output.semantics,
            labels=batch.labels,
        )

    def total(self, terms: Mapping[str, SumCount], counts: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum of the terms, each divided by its count in the whole batch."""
        return self.loss.total(terms, counts)


class HiddenObjective:
    """Colours of the parts of photos that are hidden from the network."""

    weights: Mapping[str, float] = {"colour": 1.0}

    def counts(self, counted: Tensor) -> dict[str, Tensor]:
        """See ``DepthObjective.counts``."""
        return {"colour": colour_count(counted)}

    def terms(self, network: Network, batch: Batch) -> dict[str, SumCount]:
        """See ``DepthObjective.terms``."""
        assert batch.hidden is not None, "a config with hidden.share has hidden patches"
        painted = network(batch.image, batch.hidden, batch.intrinsics_px)
        return {"colour": colour(painted, batch.image, batch.hidden)}

    def total(self, terms: Mapping[str, SumCount], counts: Mapping[str, Tensor]) -> Tensor:
        """See ``DepthObjective.total``."""
        return terms["colour"].sum / counts["colour"].clamp(min=1)


Objective = DepthObjective | HiddenObjective


def make_objective(config: Config) -> Objective:
    """What a run with these settings learns."""
    return HiddenObjective() if config.hidden.share else DepthObjective(config)


def canonical_target(batch: Batch, config: Config) -> tuple[Tensor, Tensor]:
    """Depth as the canonical camera would see it, and its mask, at the stride of the loss.

    Returns:
        Metres (b 1 h w) and the mask (b 1 h w); 1/stride of the batch's rows and columns.
    """
    ratio = depth_per_canonical(batch.focal_px, config.model.canonical_focal, config.canvas.width)
    target_m = batch.depth_m / ratio[:, None, None, None]
    stride = config.loss.stride
    return strided(target_m, stride), strided(batch.valid, stride)


def strided(values: Tensor, stride: int) -> Tensor:
    """Every ``stride``-th row and column (b 1 h w)."""
    centre = stride // 2
    return values[..., centre::stride, centre::stride]
