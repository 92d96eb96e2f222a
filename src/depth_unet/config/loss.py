"""The training loss."""

from dataclasses import dataclass, field, fields

from depth_unet.config.checks import check_ranges, require

NO_DEPTH = ("spread", "semantics")  # terms that train no depth
SSIM_WINDOW = 11
SSIM_RANGES = {
    "data_range_m": "(0, 1000]",
    **dict.fromkeys(("luminance", "contrast", "structure"), "[0, 100]"),
    "scale": "(0, 1000000]",
}
WEIGHT_RANGE = "[0, 1000000]"


@dataclass(frozen=True, slots=True, kw_only=True)
class SSIMConfig:
    """Structural similarity, factor by factor."""

    data_range_m: float = 10.0
    """Depth range, in metres, from which the constants of SSIM are computed."""
    luminance: float = 1.0
    """Exponent of the factor that compares local means. 0 turns it off."""
    contrast: float = 1.0
    """Exponent of the factor that compares local standard deviations. 0 turns it off."""
    structure: float = 1.0
    """Exponent of the factor that compares local correlation. 0 turns it off."""
    scale: float = 1.0
    """Factor of the loss, which is scale * (1 - SSIM) / 2."""

    def __post_init__(self) -> None:
        check_ranges(self, "loss.ssim_terms.", SSIM_RANGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossConfig:
    """Weights of the training loss; a weight of 0 leaves the term out."""

    mae: float = 0.6
    """Weight of the mean absolute error."""
    gradient_edge: float = 0.2
    """Weight of the mean absolute error of the differences between neighbouring pixels."""
    gradient_matching: float = 0.0
    """Weight of the mean absolute error of the log-depth differences between pixels 1, 2, 4, 8 and
    16 apart, which makes edges sharp."""
    ssim: float = 1.0
    """Weight of the structural dissimilarity, (1 - SSIM) / 2."""
    silog: float = 0.0
    """Weight of the scale-invariant logarithmic error."""
    berhu: float = 0.0
    """Weight of the reverse Huber loss."""
    spread: float = 0.0
    """Weight of the likelihood that trains `--model.spread`. Its gradient does not change depth."""
    semantics: float = 0.0
    """Weight of the cross-entropy of classes (`--model.num-classes`). Images and pixels without a
    class count with a loss of zero, so use a larger weight if many have none."""
    ssim_terms: SSIMConfig = field(default_factory=SSIMConfig)
    stride: int = 1
    """Losses compare depth at 1/stride of the canvas size. The recipe `paper` has 2: images of
    640x480, depth of 320x240."""

    def __post_init__(self) -> None:
        weights = self.weights()
        check_ranges(self, "loss.", dict.fromkeys(weights, WEIGHT_RANGE))
        extra = [name for name in NO_DEPTH if weights[name]]
        require(
            not extra or any(weight for name, weight in weights.items() if name not in NO_DEPTH),
            f"loss.{' and loss.'.join(extra)} alone cannot train depth; give another term a weight",
        )
        require(any(weights.values()), "all loss weights are 0; give at least one term a weight")
        require(self.stride in (1, 2, 4), f"loss.stride is {self.stride}; choose 1, 2 or 4")

    def weights(self) -> dict[str, float]:
        """Weight of each term by name."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.type is float}
