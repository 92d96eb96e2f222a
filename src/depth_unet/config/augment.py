"""Random changes to training images."""

from dataclasses import dataclass

from depth_unet.config.checks import require


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentConfig:
    """Random changes to training images, drawn for each sample and epoch."""

    flip: float = 0.5
    """Probability of a mirror image."""
    brightness: float = 0.0
    """Brightness factor is drawn from [1 - x, 1 + x]."""
    contrast: float = 0.0
    """Contrast factor is drawn from [1 - x, 1 + x]."""
    saturation: float = 0.0
    """Saturation factor is drawn from [1 - x, 1 + x]."""
    channel_swap: float = 0.0
    """Probability of a random order of the colour channels."""
    blur: float = 0.0
    """Probability of Gaussian blur, with a standard deviation of up to 1 % of the width."""
    frame: float = 0.0
    """Probability of a white frame around the image, up to 2 % of its width, as in NYU."""
    rotation_deg: float = 0.0
    """Largest rotation about the optical axis, degrees."""
    zoom: float = 1.0
    """Largest zoom of the random crop; depth targets are scaled with the focal length."""
    zoom_share: float = 1.0
    """Probability of a zoomed crop; other crops keep the photo's size."""

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
