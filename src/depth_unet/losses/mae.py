"""Mean absolute error."""

from jaxtyping import Bool, Float
from torch import Tensor

from depth_unet.losses.masking import masked_error, num_pixels
from depth_unet.records import SumCount


def mae(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> SumCount:
    """Absolute error, summed over the valid pixels.

    ``mae = sum |prediction - target| / count``

    Args:
        prediction_m: Predicted depth, metres.
        target_m: True depth, metres; may be NaN where ``valid`` is False.
        valid: True where the target may be used.

    Returns:
        Sum in metres and number of valid pixels, at least fp32. Without a valid pixel both are 0
        and so is the gradient.

    Example:
        >>> import torch
        >>> target_m = torch.ones(1, 1, 2, 2)
        >>> term = mae(target_m + 0.5, target_m, target_m > 0)
        >>> float(term.sum / term.count)
        0.5

    Reference:
        Hafeez et al., Depth Estimation using Weighted-loss and Transfer Learning, VISAPP 2024.
    """
    error_m = masked_error(prediction_m, target_m, valid)
    return SumCount(error_m.abs().sum(), num_pixels(valid))
