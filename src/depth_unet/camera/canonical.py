"""The canonical camera, which keeps depth metric for any focal length.

The network predicts depth for one canonical focal length. An object that appears at the same size
through a longer lens is farther away, so ``depth = canonical depth * focal / canonical focal``.

Reference:
    Yin et al., Metric3D, ICCV 2023, section 3.2 (canonical camera by label scaling).
"""

from typing import Protocol, Self, TypeVar, runtime_checkable


@runtime_checkable
class Divisible(Protocol):
    """A number, or an array or tensor of numbers."""

    def __truediv__(self, divisor: float, /) -> Self:
        """Divide every number."""
        ...


Focal = TypeVar("Focal", bound=Divisible)


def depth_per_canonical(focal_px: Focal, canonical_focal: float, canvas_width: int) -> Focal:
    """Metres of true depth per metre of canonical depth.

    Predictions are multiplied by it, training targets are divided by it.

    Args:
        focal_px: Horizontal focal length, in pixels of the image that enters the network, after
            all cropping and resizing.
        canonical_focal: The canonical focal length, in widths of the recipe's canvas.
        canvas_width: Width of the recipe's canvas, pixels (not of this image: what counts is how
            large an object appears to the network).

    Returns:
        A positive ratio; 1 for the training camera at the recipe's canvas.
    """
    return focal_px / (canonical_focal * canvas_width)
