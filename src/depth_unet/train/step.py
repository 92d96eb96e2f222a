"""The gradient of one whole batch, in micro-batches, exactly."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from lightning_fabric import Fabric
from lightning_fabric.wrappers import _FabricModule
from torch import Tensor

from depth_unet.camera.canonical import depth_per_canonical
from depth_unet.config.run import Config
from depth_unet.losses.weighted import WeightedLoss
from depth_unet.records import Batch, SumCount


class StepLosses(NamedTuple):
    """What the gradient of a batch came with.

    Attributes:
        means: The batch's mean of every loss term and their weighted ``total``, all processes.
        shares: This process's share in the total, one per micro-batch.
    """

    means: dict[str, Tensor]
    shares: list[Tensor]


class BatchGradient:
    """Adds the gradient of a batch's loss to a network's parameters.

    The counts of the whole batch are known before the first backward pass, and every micro-batch
    divides by them. So the sum is the gradient of one large batch: masks of different size, or a
    last micro-batch with fewer images, change nothing.

    Args:
        fabric: Precision and processes.
        network: The network as ``fabric.setup`` returned it.
        config: Loss, canonical focal length and canvas.
    """

    def __init__(self, fabric: Fabric, network: _FabricModule, config: Config) -> None:
        self.fabric, self.network, self.config = fabric, network, config
        self.loss = WeightedLoss(config.loss)

    def counts(self, masks: Iterable[Tensor]) -> dict[str, Tensor]:
        """How many terms every loss has in this process's images.

        Args:
            masks: True where a pixel of the canvas counts (b 1 h w), in any parts; at least one.
        """
        counts: dict[str, Tensor] = {}
        for mask in masks:
            for name, count in self.loss.counts(strided(mask, self.config.loss.stride)).items():
                counts[name] = counts[name] + count if name in counts else count
        return counts

    def accumulate(
        self, micro_batches: Sequence[Batch], masks: Iterable[Tensor] | None = None
    ) -> StepLosses:
        """Add the gradient of the batch, over all micro-batches and processes.

        Gradients travel between processes once, with the last micro-batch.

        Args:
            micro_batches: This process's share of the batch, in parts; at least one.
            masks: Their masks, where they are known without making the parts.
        """
        counts = self.counts((batch.valid for batch in micro_batches) if masks is None else masks)
        counts = over_processes(counts, self.fabric)
        means: dict[str, Tensor] = {}
        shares: list[Tensor] = []
        for number in range(len(micro_batches)):
            alone = self.fabric.world_size > 1 and number < len(micro_batches) - 1
            with self.fabric.no_backward_sync(self.network, enabled=alone):
                part, share = self.backward(micro_batches[number], counts)
            means = {name: means[name] + x if means else x for name, x in part.items()}
            shares.append(share)
        means = over_processes(means, self.fabric)
        weights = self.loss.weights
        total = torch.stack([weights[name] * mean for name, mean in means.items()]).sum()
        return StepLosses({**means, "total": total}, shares)

    def backward(self, batch: Batch, counts: dict[str, Tensor]) -> tuple[dict[str, Tensor], Tensor]:
        """Forward and backward pass of one micro-batch.

        Args:
            batch: The micro-batch.
            counts: Counts of everything that makes one optimiser step.

        Returns:
            Its share in the mean of every loss term, and in the total.
        """
        terms = self.terms(batch)
        total = self.loss.total(terms, counts)
        self.fabric.backward(total * self.fabric.world_size)  # DDP averages; we sum
        shares = {name: t.sum.detach() / counts[name].clamp(min=1) for name, t in terms.items()}
        return shares, total.detach()

    def terms(self, batch: Batch) -> dict[str, SumCount]:
        """Every loss term of a micro-batch: depth as the canonical camera would see it."""
        stride = self.config.loss.stride
        target_m, valid = canonical_target(batch, self.config)
        output = self.network(batch.image, batch.intrinsics_px, output_stride=stride)
        return self.loss(
            output.canonical_depth_m,
            target_m,
            valid,
            output.log_spread,
            logits=output.semantics,
            labels=batch.labels,
        )


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
    """Every ``stride``-th row and column (b 1 h w), from the middle of the first stride on."""
    centre = stride // 2
    return values[..., centre::stride, centre::stride]


def over_processes(values: dict[str, Tensor], fabric: Fabric) -> dict[str, Tensor]:
    """Sums over all processes, in one message."""
    if fabric.world_size == 1:
        return values
    total = fabric.all_reduce(torch.stack(list(values.values())), reduce_op="sum")
    assert isinstance(total, Tensor)
    return dict(zip(values, total.unbind(), strict=True))


def set_anywhere(fabric: Fabric, *flags: bool) -> list[bool]:
    """Which flags are set in any process: all must act together."""
    counts = {str(i): torch.tensor(float(flag)) for i, flag in enumerate(flags)}
    return [bool(count > 0) for count in over_processes(counts, fabric).values()]
