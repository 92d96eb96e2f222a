"""The gradient of one whole batch, computed exactly in micro-batches."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor

from depth_unet.camera.canonical import depth_per_canonical
from depth_unet.config.run import Config
from depth_unet.data.augment import augment, augment_mask
from depth_unet.data.loader import RawBatch
from depth_unet.files.ahead import work_ahead
from depth_unet.losses.weighted import WeightedLoss
from depth_unet.records import Batch, SumCount


class MicroBatches:
    """The images of a step in parts of ``size``, each converted to floats when it is read."""

    def __init__(self, raw: RawBatch, size: int, config: Config, device: torch.device) -> None:
        self.raw, self.size, self.augmentation = raw, size, config.augment
        canvas = config.canvas
        self._where: dict[str, Any] = {
            "height": canvas.height,
            "width": canvas.width,
            "device": device,
        }

    def __len__(self) -> int:
        return math.ceil(len(self.raw) / self.size)

    def __getitem__(self, number: int) -> Batch:
        """Part ``number``, augmented on every access with the same result."""
        return augment(self._part(number), self.augmentation, **self._where)

    def masks(self) -> Iterator[Tensor]:
        """The valid masks of all parts (b 1 h w), one after another, without their images."""
        for number in range(len(self)):
            yield augment_mask(self._part(number), self.augmentation, **self._where)

    def _part(self, number: int) -> RawBatch:
        return self.raw.slice(number * self.size, (number + 1) * self.size)


class StepLosses(NamedTuple):
    """The loss of a batch.

    Attributes:
        means: Mean of every loss term over all processes, and their weighted ``total``.
        shares: This process's share in the total, one per micro-batch.
    """

    means: dict[str, Tensor]
    shares: list[Tensor]

    def suspects(self, names: Sequence[str], size: int) -> Sequence[str]:
        """Photos of micro-batches without a finite loss; all photos if every loss is finite.

        Args:
            names: This process's photos of the batch.
            size: Photos in a micro-batch.
        """
        bad = [number for number, share in enumerate(self.shares) if not share.isfinite()]
        if not bad and self.means["total"].isfinite():
            return names
        return [name for n in bad for name in names[n * size : (n + 1) * size]]


class BatchGradient:
    """Adds the gradient of a batch's loss to a network's parameters.

    The counts of the whole batch are known before the first backward pass, and every micro-batch
    divides by them. The sum is therefore the gradient of one large batch, however masks and
    micro-batches differ in size.

    Args:
        fabric: Precision and processes.
        network: What ``fabric.setup`` returned.
        config: Loss, canonical focal length and canvas.
    """

    def __init__(self, fabric: Fabric, network: Any, config: Config) -> None:
        self.fabric, self.network, self.config = fabric, network, config
        self.loss = WeightedLoss(config.loss)

    def counts(self, masks: Iterable[Tensor]) -> dict[str, Tensor]:
        """The count of every loss term over this process's images.

        Args:
            masks: The valid masks (b 1 h w) of all parts; at least one.
        """
        counts: dict[str, Tensor] = {}
        for mask in masks:
            for name, count in self.loss.counts(self._subsample(mask)).items():
                counts[name] = counts[name] + count if name in counts else count
        return counts

    def accumulate(
        self,
        micro_batches: Sequence[Batch] | MicroBatches,
        masks: Iterable[Tensor] | None = None,
        pool: ThreadPoolExecutor | None = None,
        workers: int = 1,
    ) -> StepLosses:
        """Add the gradient of the batch, over all micro-batches and processes.

        Processes exchange gradients once, with the last micro-batch.

        Args:
            micro_batches: This process's share of the batch, in parts; at least one.
            masks: Their masks, if they are known without making the parts.
            pool: Threads that compute ``workers`` parts at a time, in a run of one process; None:
                one part after another.
            workers: See ``pool``.
        """
        parts = (micro_batches[number] for number in range(len(micro_batches)))
        counts = self.counts((part.valid for part in parts) if masks is None else masks)
        counts = sum_over_processes(counts, self.fabric)
        means: dict[str, Tensor] = {}
        shares: list[Tensor] = []
        passes = (
            self._one_by_one(micro_batches, counts)
            if pool is None
            else self._in_threads(micro_batches, counts, pool, workers)
        )
        for part, share in passes:
            means = {name: means[name] + x if means else x for name, x in part.items()}
            shares.append(share)
        means = sum_over_processes(means, self.fabric)
        weights = self.loss.weights
        total = torch.stack([weights[name] * mean for name, mean in means.items()]).sum()
        return StepLosses({**means, "total": total}, shares)

    def backward(self, batch: Batch, counts: dict[str, Tensor]) -> tuple[dict[str, Tensor], Tensor]:
        """Forward and backward pass of one micro-batch.

        Args:
            batch: The micro-batch.
            counts: Counts of the whole batch, over all processes.

        Returns:
            Its share in the mean of every loss term, and in the total.
        """
        shares, total = self._forward(batch, counts, self.network)
        self.fabric.backward(total * self.fabric.world_size)  # DDP averages; we sum
        return shares, total.detach()

    def _one_by_one(
        self, micro_batches: Sequence[Batch] | MicroBatches, counts: dict[str, Tensor]
    ) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
        for number in range(len(micro_batches)):
            alone = self.fabric.world_size > 1 and number < len(micro_batches) - 1
            with self.fabric.no_backward_sync(self.network, enabled=alone):
                yield self.backward(micro_batches[number], counts)

    def _in_threads(
        self,
        micro_batches: Sequence[Batch] | MicroBatches,
        counts: dict[str, Tensor],
        pool: ThreadPoolExecutor,
        workers: int,
    ) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
        """Several passes at a time; their gradients are added in order, whichever ends first."""
        parameters = [p for p in self.network.parameters() if p.requires_grad]

        def compute(number: int) -> tuple[dict[str, Tensor], Tensor, Sequence[Tensor | None]]:
            shares, total = self._forward(micro_batches[number], counts, self._unwrapped)
            gradients = torch.autograd.grad(total, parameters, allow_unused=True)
            return shares, total.detach(), gradients

        numbers = range(len(micro_batches))
        for _, (shares, total, gradients) in work_ahead(numbers, compute, pool, workers - 1):
            for parameter, gradient in zip(parameters, gradients, strict=True):
                if parameter.grad is None:
                    parameter.grad = gradient
                elif gradient is not None:
                    parameter.grad += gradient
            yield shares, total

    def _unwrapped(self, *inputs: Tensor, **options: int) -> Any:
        """The network without Fabric's wrapper, which refuses any backward pass but its own."""
        precision = self.fabric.strategy.precision
        inputs = precision.convert_input(inputs)
        with precision.forward_context():
            return precision.convert_output(self.network.module(*inputs, **options))

    def _forward(
        self, batch: Batch, counts: dict[str, Tensor], network: Callable[..., Any]
    ) -> tuple[dict[str, Tensor], Tensor]:
        """The share of a micro-batch in the mean of every loss term, and in the total."""
        terms = self._terms(batch, network)
        shares = {name: t.sum.detach() / counts[name].clamp(min=1) for name, t in terms.items()}
        return shares, self.loss.total(terms, counts)

    def _terms(self, batch: Batch, network: Callable[..., Any]) -> dict[str, SumCount]:
        """Every loss term, computed on canonical depth."""
        config = self.config
        ratio = depth_per_canonical(
            batch.focal_px, config.model.canonical_focal, config.canvas.width
        )
        stride = config.loss.stride
        output = network(batch.image, batch.intrinsics_px, output_stride=stride)
        return self.loss(
            output.canonical_depth_m,
            self._subsample(batch.depth_m / ratio[:, None, None, None]),
            self._subsample(batch.valid),
            output.log_spread,
            logits=output.semantics,
            labels=batch.labels,
        )

    def _subsample(self, values: Tensor) -> Tensor:
        """The rows and columns that the loss compares (b 1 h w)."""
        stride = self.config.loss.stride
        centre = stride // 2
        return values[..., centre::stride, centre::stride]


def sum_over_processes(values: dict[str, Tensor], fabric: Fabric) -> dict[str, Tensor]:
    """Sums over all processes, in one message."""
    if fabric.world_size == 1:
        return values
    total = fabric.all_reduce(torch.stack(list(values.values())), reduce_op="sum")
    assert isinstance(total, Tensor)
    return dict(zip(values, total.unbind(), strict=True))


def any_process(fabric: Fabric, *flags: bool) -> list[bool]:
    """For each flag, whether any process has set it, so that all act together."""
    counts = {str(i): torch.tensor(float(flag)) for i, flag in enumerate(flags)}
    return [bool(count > 0) for count in sum_over_processes(counts, fabric).values()]
