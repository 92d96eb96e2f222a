"""Random changes to training images."""

from dataclasses import dataclass

from depth_unet.config.checks import check_ranges

RANGES = {
    **dict.fromkeys(("flip", "channel_swap", "blur", "frame", "zoom_share"), "[0, 1]"),
    **dict.fromkeys(("brightness", "contrast", "saturation"), "[0, 1)"),
    "rotation_deg": "[0, 45]",
    "zoom": "[1, 4]",
}


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
        check_ranges(self, "augment.", RANGES)
