"""Mean absolute error of painted colours."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from depth_unet.losses.masking import upcast
from depth_unet.records import SumCount


def colour(
    prediction: Float[Tensor, "b 3 h w"],
    target: Float[Tensor, "b 3 h w"],
    hidden: Bool[Tensor, "b 1 h w"],
) -> SumCount:
    """Absolute error of the three channels, summed over the hidden pixels.

    ``colour = sum |prediction - target| / count``

    Args:
        prediction: Painted RGB; a photo's is in [0, 1].
        target: RGB of the photo, in [0, 1].
        hidden: True where the photo was hidden from the network.

    Returns:
        Sum and three times the number of hidden pixels, at least fp32. Without a hidden pixel both
        are 0 and so is the gradient; what is not hidden adds nothing, NaN included.

    Example:
        >>> import torch
        >>> target = torch.ones(1, 3, 2, 2)
        >>> term = colour(target - 0.5, target, torch.eye(2, dtype=torch.bool)[None, None])
        >>> float(term.sum), float(term.count)
        (3.0, 6.0)

    Reference:
        Xie et al., SimMIM: A Simple Framework for Masked Image Modeling, CVPR 2022.
    """
    error = upcast(prediction) - upcast(target)
    error = torch.where(hidden, error, torch.zeros_like(error))
    return SumCount(error.abs().sum(), colour_count(hidden))


def colour_count(hidden: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, ""]:
    """Three times the number of hidden pixels: the count before there is a prediction.

    Args:
        hidden: True where the photo was hidden from the network.

    Returns:
        The count, fp32.
    """
    return 3 * hidden.sum().float()
