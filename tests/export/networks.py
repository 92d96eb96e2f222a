"""Checkpoints of small networks whose every layer matters."""

from dataclasses import replace

import torch

from depth_unet.config.loss import LossConfig
from depth_unet.config.model import CanvasConfig, CorrelationConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.model.checkpoint import Checkpoint
from depth_unet.model.unet import UNet

SMALL = ModelConfig(
    widths=(8, 16, 16),
    blocks=(1, 1, 1),
    attention_blocks=(0, 1, 2),
    head_width=8,
    norm_groups=4,
    spread=True,
    spread_scale=1.3,
    correlation=CorrelationConfig(far=0.3),
    min_depth_m=0.5,
    max_depth_m=8.0,
)
CANVAS = CanvasConfig(height=48, width=64)


def small_checkpoint(model: ModelConfig = SMALL) -> Checkpoint:
    """A network with random weights; none is zero, so that no branch is without effect.

    The spread stays small: beyond its usual range, it grows with the exponential of an exponential.
    """
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = UNet(replace(model, pretrained=False))
    weights = {
        name: weight.detach() + _noise(name) * torch.randn(weight.shape, generator=generator)
        for name, weight in network.named_parameters()
    }
    config = Config(
        recipe="small",
        canvas=CANVAS,
        model=model,
        loss=LossConfig(spread=0.1 if model.spread else 0.0),
    )
    return Checkpoint(
        config=config, step=7, weights=weights, splits={}, metrics={"abs_rel": 0.5}, origin="a run"
    )


def _noise(name: str) -> float:
    return 0.001 if name.startswith("spread_head") else 0.1
