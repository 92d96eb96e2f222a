"""A batch with masks of very different size, and the program that takes its gradient in two.

``python -m tests.integration.two_processes RANK PORT FILE`` is one of two processes.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from lightning_fabric import Fabric
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.distributed import GradBucket
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook

from depth_unet.config.loss import NO_DEPTH, LossConfig
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.records import Batch, DepthOutput
from depth_unet.train.devices import close_processes
from depth_unet.train.step import BatchGradient

NUM_IMAGES = 16
HEIGHT, WIDTH = 32, 48
ALL_TERMS = "weighted sum"
TERMS = (*LossConfig().weights(), ALL_TERMS)
# The first process has 11 images, the second 5; then 15 against the one without a valid pixel.
SHARES = {"uneven": ((5, 16), (0, 5)), "empty": ((1, 16), (0, 1))}


class PixelNetwork(nn.Module):
    """Depth in metres by two small convolutions, at any precision; classes at 1/8."""

    def __init__(self, spread: bool, num_classes: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.last = nn.Conv2d(4, 1, 3, padding=1)
        self.spread = nn.Conv2d(4, 1, 3, padding=1) if spread else None
        self.classes = nn.Conv2d(4, num_classes, 8, stride=8) if num_classes else None

    def forward(
        self, image: Tensor, intrinsics_px: Tensor | None = None, *, output_stride: int = 1
    ) -> DepthOutput:
        """As ``UNet.forward``; the camera turns up or down the colours."""
        centre = output_stride // 2
        if intrinsics_px is not None:
            image = image * (intrinsics_px[:, 0] / image.shape[-1])[:, None, None, None]
        features = torch.tanh(self.first(image))
        depth_m = 0.5 + 5 * torch.sigmoid(self.last(features))
        answers = (depth_m,) if self.spread is None else (depth_m, self.spread(features))
        output = DepthOutput(
            *(x[..., centre::output_stride, centre::output_stride] for x in answers)
        )
        if self.classes is None:
            return output
        return output._replace(semantics=self.classes(features))


def make_network(config: Config) -> PixelNetwork:
    """The same weights every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return PixelNetwork(config.model.spread, config.model.num_classes)


def make_config(term: str, stride: int = 1) -> Config:
    """A config with one loss, or with all of them at different weights."""
    weights = {"mae": 0.6, "gradient_edge": 0.2, "ssim": 1.0, "silog": 0.3, "berhu": 0.4}
    weights |= {"gradient_matching": 0.5, "spread": 0.1, "semantics": 0.2}
    if term != ALL_TERMS:
        kept = {term, "mae"} if term in NO_DEPTH else {term}
        weights = {name: weight if name in kept else 0.0 for name, weight in weights.items()}
    return Config(
        canvas=CanvasConfig(height=HEIGHT, width=WIDTH),
        model=ModelConfig(
            spread=weights["spread"] > 0, num_classes=3 if weights["semantics"] else 0
        ),
        loss=LossConfig(**weights, stride=stride),
    )


def make_batch(
    height: int = HEIGHT, width: int = WIDTH, dtype: torch.dtype = torch.float64
) -> Batch:
    """Sixteen images, one camera each; the first has no valid pixel, the last has all.

    Pixels have one of three classes, or (two fifths) none.
    """
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(NUM_IMAGES, 3, height, width, generator=generator, dtype=dtype)
    depth_m = 1 + 6 * torch.rand(NUM_IMAGES, 1, height, width, generator=generator, dtype=dtype)
    valid = torch.zeros(NUM_IMAGES, 1, height, width, dtype=torch.bool)
    for number in range(NUM_IMAGES):
        share = number / (NUM_IMAGES - 1)
        # A corner that grows: from 3 on it holds windows of SSIM.
        valid[number, :, : round(height * share), : round(width * share)] = True
    intrinsics_px = torch.full((NUM_IMAGES, 4), width / 2, dtype=dtype)
    intrinsics_px[:, 0] = width * torch.linspace(0.6, 1.4, NUM_IMAGES, dtype=dtype)
    labels = torch.randint(0, 5, (NUM_IMAGES, 1, height, width), generator=generator)
    return Batch(
        image=image,
        depth_m=torch.where(valid, depth_m, 0),
        valid=valid,
        intrinsics_px=intrinsics_px,
        labels=labels.to(torch.uint8),
    )


def gradients_of(
    fabric: Fabric, config: Config, micro_batches: Sequence[Batch]
) -> tuple[Tensor, dict[str, Tensor]]:
    """All gradients in one row, and the means that are reported."""
    network = make_network(config)
    model = fabric.setup(network)
    means = BatchGradient(fabric, model, config).accumulate(micro_batches).means
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]), means


def messages_of(fabric: Fabric, micro_batches: Sequence[Batch]) -> int:
    """How often gradients travel between the processes in one step."""
    messages: list[int] = []

    def counted(_state: None, bucket: GradBucket) -> torch.futures.Future[Tensor]:
        messages.append(1)
        return allreduce_hook(torch.distributed.group.WORLD, bucket)

    config = make_config("mae")
    model = fabric.setup(make_network(config))
    model._forward_module.register_comm_hook(None, counted)  # noqa: SLF001  # the wrapper itself
    BatchGradient(fabric, model, config).accumulate(micro_batches)
    return len(messages)


def main(rank: int, port: int, path: Path) -> None:
    """Take this process's share of every case and write the gradients."""
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "NODE_RANK": "0",
        "LOCAL_RANK": str(rank),
    }
    fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp", precision="64-true")
    fabric.launch()
    assert fabric.world_size == 2
    results: dict[str, Tensor] = {}
    for case, shares in SHARES.items():
        start, stop = shares[fabric.global_rank]
        share, size = make_batch().slice(start, stop), 2
        parts = [share.slice(first, first + size) for first in range(0, len(share), size)]
        for term in TERMS:
            gradient, means = gradients_of(fabric, make_config(term), parts)
            results[f"{case}/{term}/gradient"] = gradient
            results |= {f"{case}/{term}/{name}": value for name, value in means.items()}
    results["messages"] = torch.tensor(messages_of(fabric, parts))
    save_file(results, path)
    close_processes(fabric)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
