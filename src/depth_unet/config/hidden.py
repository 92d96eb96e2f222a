"""Learning from photos alone: parts of them are hidden, and the network paints them."""

from dataclasses import dataclass

from depth_unet.config.checks import require


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenConfig:
    """What `pretrain` hides of every photo; its network paints colours and predicts no depth."""

    share: float = 0.0
    """Share of a photo's patches that are hidden, drawn anew in every epoch; 0 learns depth."""
    patch_px: int = 16
    """Side of a patch, pixels; a divisor of the canvas's height and width."""

    def __post_init__(self) -> None:
        require(0 <= self.share < 1, f"hidden.share is {self.share}; choose a share in [0, 1)")
        require(self.patch_px >= 1, f"hidden.patch_px is {self.patch_px}; it must be at least 1")
