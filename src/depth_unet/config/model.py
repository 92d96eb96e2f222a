"""The network and the image size that it works at."""

from dataclasses import dataclass, field
from typing import Literal

from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.config.checks import check_ranges, require

DepthMap = Literal["log", "linear", "inverse"]
PretrainedEncoder = Literal["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"]
LEAST_SIDE, LARGEST_SIDE = 32, 4096
CLASS_STRIDE = 8  # the class head reads features at 1/8 of the image
MOST_CLASSES = 255  # labels have 8 bits, and 255 means no class
PRETRAINED_LEVELS = (4, 5)  # 1/2 to 1/16 or 1/32 of the image
RANGES = {
    **dict.fromkeys(("widths", "head_width", "norm_groups"), "[1, 65536]"),
    "blocks": "[1, 1000]",
    "attention_blocks": "[0, 1000]",
    "spread_scale": "(0, 1000000]",
    "num_classes": f"[0, {MOST_CLASSES}]",
    **dict.fromkeys(("min_depth_m", "max_depth_m", "canonical_focal"), "(0, 1000]"),
}

CORRELATION_RANGES = {
    "far": "[0, 1)",
    **dict.fromkeys(("length", "log_ratio", "widening"), "(0, 1000]"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CanvasConfig:
    """The image size that the network works at."""

    height: int = 96
    """Height of the images that the network works on, in pixels; a multiple of 16."""
    width: int = 128
    """Width of the images that the network works on, in pixels; a multiple of 16."""

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            value = getattr(self, name)
            require(
                LEAST_SIDE <= value <= LARGEST_SIDE and value % 16 == 0,
                f"canvas.{name} is {value}; choose a multiple of 16 from {LEAST_SIDE} to "
                f"{LARGEST_SIDE}",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationConfig:
    """How alike the errors of log-depth at two pixels of a photo are.

    The correlation is ``far + (1 - far) * exp(-distance / length - jump / log_ratio)``. It is
    measured after training and set with ``depth-unet export --correlation``.
    """

    far: float = 0.15
    """Correlation of pixels that have nothing in common but the photo."""
    length: float = 0.4
    """Distance over which the rest of it falls to 37 %, in longer sides of the photo."""
    log_ratio: float = 0.7
    """Difference of log-depth over which the rest of it falls to 37 %."""
    widening: float = 1.07
    """Factor on the errors in the interval of a distance, so that 80 % holds 80 %."""

    def __post_init__(self) -> None:
        check_ranges(self, "model.correlation.", CORRELATION_RANGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """The network: encoder, widths, attention, heads and the range of depth."""

    encoder: Literal["residual"] | PretrainedEncoder = "residual"
    """`residual`: our own encoder, which starts from random weights. EfficientNet-Lite: needs four
    or five levels (`--model.widths`)."""
    pretrained: bool = True
    """Start from ImageNet weights if the encoder has them (EfficientNet-Lite)."""
    stem_stride: Literal[1, 2, 4] = 2
    """Stride of the first convolution. Doubling it divides the cost of the finest level by four."""
    widths: tuple[int, ...] = (16, 64, 128, 256, 320)
    """Channels at each level, from the finest to the coarsest. Each level halves the image size."""
    blocks: tuple[int, ...] = (1, 1, 2, 2, 1)
    """Residual blocks at each level of the encoder `residual`. The decoder has one per level."""
    attention_blocks: tuple[int, ...] = (0, 0, 1, 2, 0)
    """Self-attention blocks at each level of the encoder, after its convolutions."""
    head_width: int = 32
    """Channels of one attention head. Must divide the width of every level with attention."""
    camera_rays: bool = True
    """Tell the network in which direction each pixel looks. If off, it assumes the canonical
    camera."""
    norm_groups: int = 8
    """Number of groups in every GroupNorm. Must divide every width."""
    depth_map: DepthMap = "log"
    """What the sigmoid of the last layer is scaled to: the logarithm of depth, depth itself or
    inverse depth."""
    spread: bool = False
    """Also predict the uncertainty (spread) of log-depth for every pixel. Needs `--loss.spread`."""
    spread_scale: float = 1.0
    """Factor by which predictions multiply the spread. It is measured after training and set with
    `depth-unet export --spread-scale`."""
    correlation: CorrelationConfig = field(default_factory=CorrelationConfig)
    """How alike errors at two pixels are, for the intervals of distances; measured after training
    and set with `depth-unet export --correlation`."""
    subpixel: bool = False
    """Predict a depth for every pixel of the image from the finest features, instead of enlarging
    their map bilinearly: sharper edges."""
    num_classes: int = 0
    """Number of pixel classes to learn as a second task, in training only. 0: none. Needs
    `--loss.semantics`."""
    min_depth_m: float = 0.3
    """Smallest depth that can be predicted, in metres, at the canonical focal length."""
    max_depth_m: float = 10.0
    """Largest depth that can be predicted, in metres, at the canonical focal length."""
    canonical_focal: float = NYU_FOCAL
    """Focal length of the canonical camera, in image widths. The network predicts depth for this
    camera."""

    def __post_init__(self) -> None:
        levels = len(self.widths)
        require(levels >= 2, f"model.widths has {levels} level(s); give at least two")
        for name in ("blocks", "attention_blocks"):
            value = getattr(self, name)
            require(
                len(value) == levels,
                f"model.{name} has {len(value)} entries for {levels} levels; give one per level",
            )
        check_ranges(self, "model.", RANGES)
        for width, attention in zip(self.widths, self.attention_blocks, strict=True):
            require(
                width % self.norm_groups == 0,
                f"model.norm_groups {self.norm_groups} does not divide {width}; choose a divisor",
            )
            require(
                not attention or width % self.head_width == 0,
                f"model.head_width {self.head_width} does not divide {width}; choose a divisor",
            )
        require(
            self.min_depth_m < self.max_depth_m,
            f"model.min_depth_m is {self.min_depth_m} and max_depth_m {self.max_depth_m}; choose "
            "min < max",
        )
        require(
            self.encoder == "residual" or (levels in PRETRAINED_LEVELS and self.stem_stride == 2),
            f"model.encoder {self.encoder} has {' or '.join(map(str, PRETRAINED_LEVELS))} levels "
            f"and a stem of stride 2; model.widths has {levels} and model.stem_stride is "
            f"{self.stem_stride}",
        )
        self._check_classes()

    def _check_classes(self) -> None:
        """The class head needs decoder features at its stride."""
        classes, coarsest = self.num_classes, self.stem_stride * 2 ** (len(self.widths) - 1)
        require(
            not classes or self.stem_stride <= CLASS_STRIDE < coarsest,
            f"model.num_classes {classes} needs a decoder with features at 1/{CLASS_STRIDE}; "
            f"give model.widths more levels (they end at 1/{coarsest})",
        )
