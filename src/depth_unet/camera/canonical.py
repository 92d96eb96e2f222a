"""The rule that keeps depth metric when the camera changes.

The network predicts depth as a camera of one canonical focal length would see it; an object that
looks the same size through a longer lens is farther away, so
``depth = canonical depth * focal / canonical focal``.

Reference:
    Yin et al., Metric3D, ICCV 2023, section 3.2 (canonical camera by label scaling).
"""

from typing import TypeVar

from jaxtyping import Float
from torch import Tensor

Focal = TypeVar("Focal", float, Float[Tensor, " b"])


def depth_per_canonical(focal_px: Focal, canonical_focal: float, canvas_width: int) -> Focal:
    """Metres of true depth per metre of canonical depth.

    Multiply predictions by it; divide targets by it.

    Args:
        focal_px: Horizontal focal length in pixels of the image that the network sees, however
            it was cropped, zoomed or resized to get there.
        canonical_focal: The canonical focal length in widths of the recipe's canvas.
        canvas_width: Width of the recipe's canvas, pixels (not of the image at hand: what counts
            is how large an object appears to the network).

    Returns:
        A positive ratio; 1 for the training camera at the recipe's canvas.
    """
    return focal_px / (canonical_focal * canvas_width)
