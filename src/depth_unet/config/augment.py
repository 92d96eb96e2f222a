"""Random changes to training images."""

from dataclasses import dataclass

from depth_unet.config.checks import require


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentConfig:
    """Random changes to training images, drawn for each sample and epoch."""

    flip: float = 0.5
    """Probability of mirroring the image."""
    brightness: float = 0.0
    """The brightness is multiplied by a random factor in [1 - x, 1 + x]."""
    contrast: float = 0.0
    """The contrast is multiplied by a random factor in [1 - x, 1 + x]."""
    saturation: float = 0.0
    """The saturation is multiplied by a random factor in [1 - x, 1 + x]."""
    channel_swap: float = 0.0
    """Probability of shuffling the colour channels."""
    blur: float = 0.0
    """Probability of a Gaussian blur. Its standard deviation is up to 1 % of the image width."""
    frame: float = 0.0
    """Probability of a white frame, as in NYU photos. It is up to 2 % of the image width thick."""
    rotation_deg: float = 0.0
    """Largest rotation about the optical axis, in degrees."""
    zoom: float = 1.0
    """Largest zoom of a random crop. Depth targets are scaled with the focal length."""
    zoom_share: float = 1.0
    """Probability of a zoomed crop. The other images are not zoomed."""

    def __post_init__(self) -> None:
        for name in ("flip", "channel_swap", "blur", "frame", "zoom_share"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"augment.{name} is {value}; a probability lies in [0, 1]")
        for name in ("brightness", "contrast", "saturation"):
            value = getattr(self, name)
            require(0 <= value < 1, f"augment.{name} is {value}; choose a value in [0, 1)")
        angle = self.rotation_deg
        require(0 <= angle <= 45, f"augment.rotation_deg is {angle}; choose 0 to 45")
        require(1 <= self.zoom <= 4, f"augment.zoom is {self.zoom}; choose 1 to 4")
