"""A whole training run: every setting, checked when it is made.

Standard library only, so that ``depth-unet --help`` never imports torch. The docstring under a
field is its help text on the command line and in the docs.
"""

from dataclasses import dataclass, field
from typing import Literal

from depth_unet.config.augment import AugmentConfig
from depth_unet.config.checks import require
from depth_unet.config.compute import ComputeConfig, memory_bytes
from depth_unet.config.loss import SSIM_WINDOW, LossConfig
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.optim import OptimConfig

Precision = Literal["auto", "fp32", "bf16", "fp16", "fp64"]
SOURCE_MARGIN = 1.25  # pixels read for each pixel of the canvas, in the strongest zoom-crop


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One training run: data share, length, batch, and the parts below."""

    recipe: str = "custom"
    """Name of the recipe that these settings began as."""
    fraction: float = 1.0
    """Share of the training rooms that is used; whole rooms, the same ones for the same seed."""
    holdout: Literal["none"] | float = 0.1
    """Share of the rooms kept apart as `unseen`; `none` trains on all rooms."""
    epochs: int = 50
    """Passes over the training frames; ignored where `steps` is given."""
    steps: int = 0
    """Optimiser steps; 0 derives them from `epochs`."""
    batch_size: int = 16
    """Images per optimiser step, over all processes; the result depends on this number alone."""
    micro_batch_size: int = 0
    """Images per forward pass; 0: the whole batch. Gradients are summed exactly."""
    memory: str = ""
    """Most memory of all processes here, such as 4GB; chooses micro_batch_size in its place."""
    precision: Precision = "fp32"
    """Arithmetic of the network (`auto`: bf16 if the device has it); losses: fp32 or more."""
    seed: int = 0
    """Seed of the weights, the order, the augmentation and the split."""
    checkpoint_every: int = 500
    """Steps between two writings of last.safetensors."""
    validate_every: int = 0
    """Steps between two validations; 0 validates about twenty times in a run."""
    log_every: int = 20
    """Steps between two lines in TensorBoard."""
    early_stop: int = 0
    """Validations without a better result on unseen rooms after which the run ends; 0: never."""
    max_skipped: int = 10
    """Steps in a row whose loss or gradient is not finite after which the run ends."""
    canvas: CanvasConfig = field(default_factory=CanvasConfig)
    """The image size that the network works at."""
    model: ModelConfig = field(default_factory=ModelConfig)
    """The network: widths, depths, attention and the map to metres."""
    loss: LossConfig = field(default_factory=LossConfig)
    """Weights of the training loss; a weight of 0 leaves the term out."""
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    """Random changes to training images; every one is drawn anew per sample and epoch."""
    optim: OptimConfig = field(default_factory=OptimConfig)
    """The optimiser (AdamW), its schedule and the moving average of the weights."""
    compute: ComputeConfig = field(default_factory=ComputeConfig)
    """How the arithmetic is done; results agree up to rounding, whatever is chosen."""

    def __post_init__(self) -> None:
        require(0 < self.fraction <= 1, f"fraction is {self.fraction}; choose a share in (0, 1]")
        require(
            self.holdout == "none" or 0 < self.holdout < 1,
            f"holdout is {self.holdout}; choose a share in (0, 1), or none",
        )
        for name in ("epochs", "batch_size", "checkpoint_every", "log_every", "max_skipped"):
            value = getattr(self, name)
            require(value >= 1, f"{name} is {value}; it must be at least 1")
        for name in ("steps", "micro_batch_size", "validate_every", "seed", "early_stop"):
            value = getattr(self, name)
            require(value >= 0, f"{name} is {value}; it must not be negative")
        memory_bytes(self.memory)
        require(
            not self.early_stop or self.holdout != "none",
            f"early_stop {self.early_stop} needs unseen rooms to tell by, and holdout is none; "
            "leave one of them out",
        )
        self._check_heads()
        require(
            self.loss.ssim == 0
            or min(self.canvas.height, self.canvas.width) >= SSIM_WINDOW * self.loss.stride,
            f"canvas {self.canvas.width}x{self.canvas.height} at loss.stride {self.loss.stride} is "
            f"smaller than SSIM's window of {SSIM_WINDOW}; enlarge it or set loss.ssim to 0",
        )

    def _check_heads(self) -> None:
        """A head without its loss, or the other way round."""
        require(
            self.model.spread == (self.loss.spread > 0),
            f"model.spread is {self.model.spread} and loss.spread {self.loss.spread}; the one is "
            "trained by the other: give both, such as --model.spread --loss.spread 0.1, or none",
        )
        require(
            bool(self.model.num_classes) == (self.loss.semantics > 0),
            f"model.num_classes is {self.model.num_classes} and loss.semantics "
            f"{self.loss.semantics}; the one is trained by the other: give both, such as "
            "--model.num-classes 39 --loss.semantics 0.3, or none",
        )

    def source_size(self) -> tuple[int, int]:
        """Height and width at which training frames are read: the strongest zoom stays sharp."""
        margin = SOURCE_MARGIN * self.augment.zoom if self.augment.zoom > 1 else 1.0
        return round(self.canvas.height * margin), round(self.canvas.width * margin)

    def total_steps(self, num_frames: int) -> int:
        """Optimiser steps of the whole run over ``num_frames`` training frames."""
        return self.steps or self.epochs * self.steps_per_epoch(num_frames)

    def steps_per_epoch(self, num_frames: int) -> int:
        """Optimiser steps of one epoch; the last one may hold fewer images."""
        return -(-num_frames // self.batch_size)

    def validation_interval(self, num_frames: int) -> int:
        """Steps between two validations."""
        return self.validate_every or max(1, self.total_steps(num_frames) // 20)
