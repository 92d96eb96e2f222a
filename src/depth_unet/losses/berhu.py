"""Reverse Huber loss: absolute for small errors, squared for large ones."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from depth_unet.losses.masking import masked_error, num_images
from depth_unet.records import SumCount

THRESHOLD_SHARE = 0.2


def berhu(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> SumCount:
    """Reverse Huber loss, averaged within each image and summed over images.

    With ``e = prediction - target`` and ``c = 0.2 * max |e|`` over the valid pixels of one image:
    ``berhu = mean(|e| if |e| <= c else (e^2 + c^2) / (2 c))``

    The threshold is that image's own, so the value does not depend on the batch it is in, and no
    gradient flows through it.

    Args:
        prediction_m: Predicted depth, metres.
        target_m: True depth, metres; may be NaN where ``valid`` is False.
        valid: True where the target may be used.

    Returns:
        Sum over images in metres and number of images with a valid pixel, at least fp32. An image
        without a valid pixel adds exactly 0 with a zero gradient, and so does a perfect one.

    Example:
        >>> import torch
        >>> target_m = torch.ones(1, 1, 1, 2)
        >>> prediction_m = target_m + torch.tensor([0.1, 1.0])  # c = 0.2
        >>> term = berhu(prediction_m, target_m, target_m > 0)
        >>> round(float(term.sum / term.count), 4)  # (0.1 + 1.04 / 0.4) / 2
        1.35

    Reference:
        Laina et al., Deeper Depth Prediction with Fully Convolutional Residual Networks,
        3DV 2016, equation 2.
    """
    error_m = masked_error(prediction_m, target_m, valid).flatten(1)
    size_m = error_m.abs()
    threshold_m = THRESHOLD_SHARE * size_m.detach().amax(dim=1, keepdim=True)
    divisor_m = 2 * threshold_m.clamp(min=torch.finfo(error_m.dtype).tiny)
    squared_m = (error_m.square() + threshold_m.square()) / divisor_m
    loss_m = torch.where(size_m <= threshold_m, size_m, squared_m)
    num_valid = valid.flatten(1).sum(dim=1).clamp(min=1)
    # An invalid pixel has error 0, which is below every threshold and adds 0.
    return SumCount((loss_m.sum(dim=1) / num_valid).sum(), num_images(valid))
