"""A whole training run; docstrings under fields are the help texts of the command line."""

from dataclasses import dataclass, field
from typing import Literal

from depth_unet.config.augment import AugmentConfig
from depth_unet.config.checks import check_range, check_ranges, require
from depth_unet.config.choices import TrackerChoice
from depth_unet.config.compute import ComputeConfig, memory_bytes
from depth_unet.config.loss import SSIM_WINDOW, LossConfig
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.optim import OptimConfig

Precision = Literal["auto", "fp32", "bf16", "fp16", "fp64"]
RANGES = {
    "fraction": "(0, 1]",
    "epochs": "[1, 1000000]",
    "steps": "[0, 1000000000]",
    "batch_size": "[1, 1000000]",
    "micro_batch_size": "[0, 1000000]",
    "seed": f"[0, {2**64 - 1}]",  # of torch's generators
    **dict.fromkeys(("checkpoint_every", "log_every", "max_skipped"), "[1, 1000000000]"),
    **dict.fromkeys(("validate_every", "early_stop"), "[0, 1000000000]"),
}
SOURCE_MARGIN = 1.25  # pixels read for each pixel of the canvas, in the strongest zoom-crop


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One training run: data share, length, batch, and the parts below."""

    recipe: str = "custom"
    """Name of the recipe that the run stores. It does not select a recipe."""
    fraction: float = 1.0
    """Share of the training rooms to use. The same seed chooses the same rooms."""
    holdout: Literal["none"] | float = 0.1
    """Share of the rooms to hold out for validation (`unseen`). `none` trains on all rooms."""
    epochs: int = 50
    """Number of passes over the training frames. Ignored if `--steps` is given."""
    steps: int = 0
    """Number of optimiser steps. 0: computed from `--epochs`."""
    batch_size: int = 16
    """Images per optimiser step, over all processes. It affects the result;
    the micro-batch size does not."""
    micro_batch_size: int = 0
    """Images per forward pass. A smaller number takes less memory and gives the same gradient.
    0: the whole batch; on a CPU one part for each of torch's threads, all at the same time."""
    memory: str = ""
    """Memory limit of all processes on this machine, such as 4GB. It sets `--micro-batch-size`."""
    precision: Precision = "fp32"
    """Number format in which the network computes. `auto`: bf16 if the device has it, else fp32.
    Losses always use at least fp32."""
    seed: int = 0
    """Seed of the initial weights, the order of the images, the augmentation and the split."""
    checkpoint_every: int = 500
    """Number of steps between two checkpoints (last.safetensors)."""
    validate_every: int = 0
    """Number of steps between two validations. 0: about twenty validations in a run."""
    log_every: int = 20
    """Number of steps between two entries of the losses in metrics.csv."""
    tracker: TrackerChoice = "none"
    """Program that also gets metrics and pictures; it must be installed (docs/training.md)."""
    early_stop: int = 0
    """Stop after this many validations in a row without a lower error on unseen rooms. 0: never."""
    max_skipped: int = 10
    """Stop after this many steps in a row whose loss or gradient is not finite."""
    canvas: CanvasConfig = field(default_factory=CanvasConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    compute: ComputeConfig = field(default_factory=ComputeConfig)

    def __post_init__(self) -> None:
        check_ranges(self, "", RANGES)
        if self.holdout != "none":
            check_range("holdout", self.holdout, "(0, 1)")
        memory_bytes(self.memory)
        require(
            not self.early_stop or self.holdout != "none",
            f"early_stop {self.early_stop} needs unseen rooms, and holdout is none; "
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
        """A head and its loss need each other."""
        require(
            self.model.spread == (self.loss.spread > 0),
            f"model.spread is {self.model.spread} and loss.spread {self.loss.spread}; set both, "
            "such as --model.spread --loss.spread 0.1, or neither",
        )
        require(
            bool(self.model.num_classes) == (self.loss.semantics > 0),
            f"model.num_classes is {self.model.num_classes} and loss.semantics "
            f"{self.loss.semantics}; set both, such as --model.num-classes 39 --loss.semantics "
            "0.3, or neither",
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
