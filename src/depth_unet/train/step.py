"""One optimiser step over a whole batch, in micro-batches, exactly."""

from collections.abc import Sequence

import torch
from lightning_fabric import Fabric
from lightning_fabric.wrappers import _FabricModule
from torch import Tensor

from depth_unet.canonical import depth_per_canonical
from depth_unet.config.run import Config
from depth_unet.losses.weighted import WeightedLoss
from depth_unet.records import Batch


def accumulate_gradients(
    fabric: Fabric,
    network: _FabricModule,
    loss: WeightedLoss,
    micro_batches: Sequence[Batch],
    config: Config,
) -> dict[str, Tensor]:
    """Add the gradient of the whole batch's loss, over all micro-batches and processes.

    The number of terms in the whole batch is known before the first backward pass, so every
    micro-batch divides by it, and the sum is the gradient of one large batch: masks of different
    size, or a last micro-batch with fewer images, change nothing.

    Args:
        fabric: Precision and processes.
        network: The network as ``fabric.setup`` returned it.
        loss: The weighted sum of losses.
        micro_batches: This process's share of the batch, in parts; at least one.
        config: Canonical focal length, canvas, stride of the loss.

    Returns:
        The batch's mean of every loss term and their weighted ``total``, over all processes.
    """
    targets = [canonical_target(batch, config) for batch in micro_batches]
    counts = _summed([loss.counts(valid) for _, valid in targets], fabric)
    means = {name: torch.zeros_like(count) for name, count in counts.items()}
    last, parallel = len(micro_batches) - 1, fabric.world_size > 1
    for number, (batch, (target_m, valid)) in enumerate(zip(micro_batches, targets, strict=True)):
        with fabric.no_backward_sync(network, enabled=parallel and number < last):
            output = network(batch.image, batch.intrinsics_px, output_stride=config.loss.stride)
            terms = loss(output.depth_m, target_m, valid)
            total = loss.total(terms, counts)
            fabric.backward(total * fabric.world_size)  # DDP averages over processes; we sum
        for name, term in terms.items():
            means[name] += term.sum.detach() / counts[name].clamp(min=1)
    means = {name: _over_processes(mean, fabric) for name, mean in means.items()}
    weights = config.loss.weights()
    total_mean = torch.stack([weights[name] * mean for name, mean in means.items()]).sum()
    return {**means, "total": total_mean}


def canonical_target(batch: Batch, config: Config) -> tuple[Tensor, Tensor]:
    """Depth as the canonical camera would see it, and its mask, at the stride of the loss.

    Returns:
        Metres (b 1 h w) and the mask (b 1 h w); 1/stride of the batch's rows and columns.
    """
    ratio = depth_per_canonical(batch.focal_px, config.model.canonical_focal, config.canvas.width)
    target_m = batch.depth_m / ratio[:, None, None, None]
    stride = config.loss.stride
    centre = stride // 2
    cut = (..., slice(centre, None, stride), slice(centre, None, stride))
    return target_m[cut], batch.valid[cut]


def _summed(parts: Sequence[dict[str, Tensor]], fabric: Fabric) -> dict[str, Tensor]:
    return {
        name: _over_processes(torch.stack([part[name] for part in parts]).sum(), fabric)
        for name in parts[0]
    }


def _over_processes(value: Tensor, fabric: Fabric) -> Tensor:
    if fabric.world_size == 1:
        return value
    reduced = fabric.all_reduce(value, reduce_op="sum")
    assert isinstance(reduced, Tensor)
    return reduced
