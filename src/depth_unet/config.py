"""Every setting of a training run, checked when it is made.

Standard library only, so that ``depth-unet --help`` never imports torch. The docstring under a
field is its help text on the command line and in the docs.
"""

from dataclasses import dataclass, field
from typing import Literal

from depth_unet.errors import ConfigError

NYU_FOCAL = 518.857901 / 640
"""Horizontal focal length of NYU's Kinect, in image widths."""

Precision = Literal["fp32", "bf16", "fp16"]
DepthMap = Literal["log", "linear", "inverse"]
LOSS_NAMES = ("mae", "gradient_edge", "ssim", "silog", "berhu")
SSIM_WINDOW = 11
SOURCE_MARGIN = 1.25  # pixels read for each pixel of the canvas, in the strongest zoom-crop


@dataclass(frozen=True, slots=True, kw_only=True)
class CanvasConfig:
    """The image size that the network works at."""

    height: int = 96
    """Rows, pixels; a multiple of 16."""
    width: int = 128
    """Columns, pixels; a multiple of 16."""

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            value = getattr(self, name)
            _require(
                value >= 32 and value % 16 == 0,
                f"canvas.{name} is {value}; it must be a multiple of 16 and at least 32",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """The network: widths, depths, attention and the map to metres."""

    stem_stride: Literal[1, 2, 4] = 2
    """Stride of the first convolution; every doubling quarters the cost of the finest level."""
    widths: tuple[int, ...] = (16, 64, 128, 256, 320)
    """Channels at each level from the stem to the bottleneck; each level halves the size."""
    blocks: tuple[int, ...] = (1, 1, 2, 2, 1)
    """Residual blocks at each level of the encoder; the decoder has one per level."""
    attention_blocks: tuple[int, ...] = (0, 0, 1, 2, 0)
    """Self-attention blocks at each level, after the residual blocks of the encoder."""
    head_width: int = 32
    """Channels of one attention head; a divisor of the widths that have attention."""
    camera_rays: bool = True
    """Tell the network where each pixel looks; off: all photos count as the canonical camera's."""
    norm_groups: int = 8
    """Groups of every GroupNorm, a divisor of every width."""
    depth_map: DepthMap = "log"
    """How the last layer becomes metres: evenly in log-depth, in depth, or in inverse depth."""
    min_depth_m: float = 0.3
    """Nearest depth that can be predicted (canonical focal length), metres."""
    max_depth_m: float = 10.0
    """Farthest depth that can be predicted (canonical focal length), metres."""
    canonical_focal: float = NYU_FOCAL
    """Focal length that predictions refer to, in widths of the canvas."""

    def __post_init__(self) -> None:
        levels = len(self.widths)
        _require(levels >= 2, f"model.widths has {levels} level(s); give at least two")
        for name, least in (("widths", 1), ("blocks", 1), ("attention_blocks", 0)):
            value = getattr(self, name)
            _require(
                len(value) == levels,
                f"model.{name} has {len(value)} entries for {levels} levels; give one per level",
            )
            _require(min(value) >= least, f"model.{name} is {value}; choose >= {least} per level")
        sizes = (self.norm_groups, self.head_width)
        _require(min(sizes) >= 1, f"model.norm_groups and head_width are {sizes}; choose >= 1")
        for width, attention in zip(self.widths, self.attention_blocks, strict=True):
            _require(
                width % self.norm_groups == 0,
                f"model.norm_groups {self.norm_groups} does not divide {width}; choose a divisor",
            )
            _require(
                not attention or width % self.head_width == 0,
                f"model.head_width {self.head_width} does not divide {width}; choose a divisor",
            )
        _require(
            0 < self.min_depth_m < self.max_depth_m,
            f"model.min_depth_m {self.min_depth_m} and max_depth_m {self.max_depth_m} must satisfy "
            "0 < min < max",
        )
        focal = self.canonical_focal
        _require(focal > 0, f"model.canonical_focal is {focal}; it must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class SSIMConfig:
    """Structural similarity, its three factors apart."""

    data_range_m: float = 10.0
    """Depth range that the stabilising constants refer to, metres."""
    luminance: float = 1.0
    """Exponent of the factor that compares local means."""
    contrast: float = 1.0
    """Exponent of the factor that compares local deviations; 0 turns it off."""
    structure: float = 1.0
    """Exponent of the factor that compares local correlation; 0 turns it off."""
    scale: float = 1.0
    """The loss is (1 - SSIM) / 2 times this."""

    def __post_init__(self) -> None:
        data_range_m = self.data_range_m
        _require(
            data_range_m > 0, f"loss.ssim_terms.data_range_m is {data_range_m}; choose a range > 0"
        )
        _require(self.scale > 0, f"loss.ssim_terms.scale is {self.scale}; it must be positive")
        for name in ("luminance", "contrast", "structure"):
            value = getattr(self, name)
            _require(value >= 0, f"loss.ssim_terms.{name} is {value}; choose an exponent >= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class LossConfig:
    """Weights of the training loss; a weight of 0 leaves the term out."""

    mae: float = 0.6
    """Weight of the mean absolute error."""
    gradient_edge: float = 0.2
    """Weight of the mean absolute error of first differences."""
    ssim: float = 1.0
    """Weight of the structural dissimilarity."""
    silog: float = 0.0
    """Weight of the scale-invariant logarithmic error."""
    berhu: float = 0.0
    """Weight of the reverse Huber loss."""
    ssim_terms: SSIMConfig = field(default_factory=SSIMConfig)
    """Structural similarity, its three factors apart."""
    stride: int = 1
    """Losses compare depth at 1/stride of the canvas (2: the paper's 640x480 in, 320x240 out)."""

    def __post_init__(self) -> None:
        weights = self.weights()
        _require(
            all(weight >= 0 for weight in weights.values()),
            f"loss weights are {weights}; they must not be negative",
        )
        _require(any(weights.values()), "all loss weights are 0; give at least one term a weight")
        _require(self.stride in (1, 2, 4), f"loss.stride is {self.stride}; choose 1, 2 or 4")

    def weights(self) -> dict[str, float]:
        """Weight of each term by name."""
        return {name: getattr(self, name) for name in LOSS_NAMES}


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentConfig:
    """Random changes to training images; every one is drawn anew per sample and epoch."""

    flip: float = 0.5
    """Probability of a mirror image."""
    brightness: float = 0.0
    """Brightness factor is drawn from 1 - x to 1 + x."""
    contrast: float = 0.0
    """Contrast factor is drawn from 1 - x to 1 + x."""
    saturation: float = 0.0
    """Saturation factor is drawn from 1 - x to 1 + x."""
    channel_swap: float = 0.0
    """Probability of a random order of the colour channels."""
    frame: float = 0.0
    """Probability of a white frame around the image, up to 2 % of its width, as NYU's have."""
    rotation_deg: float = 0.0
    """Largest rotation about the optical axis, degrees."""
    zoom: float = 1.0
    """Largest zoom of the random crop; depth targets follow by the camera rule."""
    zoom_share: float = 1.0
    """Probability of a zoomed crop; the others keep the photo's own size."""

    def __post_init__(self) -> None:
        for name in ("flip", "channel_swap", "frame", "zoom_share"):
            value = getattr(self, name)
            _require(0 <= value <= 1, f"augment.{name} is {value}; a probability lies in [0, 1]")
        for name in ("brightness", "contrast", "saturation"):
            value = getattr(self, name)
            _require(0 <= value < 1, f"augment.{name} is {value}; choose a value in [0, 1)")
        angle = self.rotation_deg
        _require(0 <= angle <= 45, f"augment.rotation_deg is {angle}; choose 0 to 45")
        _require(1 <= self.zoom <= 4, f"augment.zoom is {self.zoom}; choose 1 to 4")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimConfig:
    """The optimiser (AdamW), its schedule and the moving average of the weights."""

    lr: float = 3e-4
    """Largest learning rate."""
    weight_decay: float = 0.2
    """Decoupled weight decay; not applied to norms, biases and other vectors."""
    betas: tuple[float, float] = (0.9, 0.99)
    """Decay of the first and second moment."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """What the learning rate does after the warm-up."""
    warmup: float = 0.05
    """Share of the steps in which the learning rate rises linearly from 0."""
    clip: float = 1.0
    """Largest norm of the gradient; 0 turns clipping off."""
    ema: float = 0.999
    """Decay of the moving average of the weights per step; 0 turns it off."""

    def __post_init__(self) -> None:
        _require(self.lr > 0, f"optim.lr is {self.lr}; it must be positive")
        _require(self.weight_decay >= 0, f"optim.weight_decay is {self.weight_decay}; choose >= 0")
        _require(
            all(0 <= beta < 1 for beta in self.betas),
            f"optim.betas is {self.betas}; both must lie in [0, 1)",
        )
        _require(0 <= self.warmup <= 1, f"optim.warmup is {self.warmup}; choose a share in [0, 1]")
        _require(self.clip >= 0, f"optim.clip is {self.clip}; choose 0 (off) or more")
        _require(0 <= self.ema < 1, f"optim.ema is {self.ema}; choose 0 (off) to below 1")


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
    """Images per forward pass; 0 takes the whole batch. Gradients are summed exactly."""
    precision: Precision = "fp32"
    """Arithmetic of the network; losses are always computed in fp32."""
    seed: int = 0
    """Seed of the weights, the order, the augmentation and the split."""
    checkpoint_every: int = 500
    """Steps between two writings of last.safetensors."""
    validate_every: int = 0
    """Steps between two validations; 0 validates about twenty times in a run."""
    log_every: int = 20
    """Steps between two lines in TensorBoard."""
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

    def __post_init__(self) -> None:
        _require(0 < self.fraction <= 1, f"fraction is {self.fraction}; choose a share in (0, 1]")
        _require(
            self.holdout == "none" or 0 < self.holdout < 1,
            f"holdout is {self.holdout}; choose a share in (0, 1), or none",
        )
        for name in ("epochs", "batch_size", "checkpoint_every", "log_every"):
            value = getattr(self, name)
            _require(value >= 1, f"{name} is {value}; it must be at least 1")
        for name in ("steps", "micro_batch_size", "validate_every", "seed"):
            value = getattr(self, name)
            _require(value >= 0, f"{name} is {value}; it must not be negative")
        _require(
            self.loss.ssim == 0
            or min(self.canvas.height, self.canvas.width) >= SSIM_WINDOW * self.loss.stride,
            f"canvas {self.canvas.width}x{self.canvas.height} at loss.stride {self.loss.stride} is "
            f"smaller than SSIM's window of {SSIM_WINDOW}; enlarge it or set loss.ssim to 0",
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


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigError(message)
