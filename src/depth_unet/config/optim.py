"""The optimiser and its schedule."""

from dataclasses import dataclass
from typing import Literal

from depth_unet.config.checks import check_ranges

RANGES = {
    "lr": "(0, 1000]",
    "weight_decay": "[0, 1000]",
    "betas": "[0, 1)",
    "warmup": "[0, 1]",
    "layer_decay": "(0, 1]",
    "clip": "[0, 1000000]",
    "ema": "[0, 1)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimConfig:
    """The optimiser (AdamW), its schedule and the moving average of the weights."""

    lr: float = 3e-4
    """Largest learning rate."""
    weight_decay: float = 0.2
    """Decoupled weight decay of AdamW. Norms, biases and other vectors have none."""
    betas: tuple[float, float] = (0.9, 0.99)
    """Decay rates of the first and second moments in AdamW."""
    schedule: Literal["cosine", "one_cycle", "constant"] = "cosine"
    """How the learning rate changes after the warm-up. The warm-up is linear from 0; that of
    `one_cycle` follows a cosine from lr / 25."""
    warmup: float = 0.05
    """Share of the steps, at the start, in which the learning rate rises."""
    layer_decay: float = 1.0
    """Each encoder level has the learning rate of the next coarser one times this factor."""
    frozen: tuple[str, ...] = ()
    """Parts of the network to exclude from training, such as encoder.stem encoder.stages.0."""
    clip: float = 1.0
    """Clip the gradient to this norm. 0 turns clipping off."""
    ema: float = 0.999
    """Decay per step of the moving average of the weights. 0 turns the average off."""

    def __post_init__(self) -> None:
        check_ranges(self, "optim.", RANGES)
