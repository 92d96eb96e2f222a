"""Scale-invariant logarithmic error."""

from jaxtyping import Bool, Float
from torch import Tensor

from depth_unet.losses.masking import masked_log_ratio, num_images
from depth_unet.records import SumCount

VARIANCE_FOCUS = 0.85
SCALE = 10.0
EPSILON = 1e-8


def silog(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> SumCount:
    """Spread of the log-ratio within each image, summed over images.

    With ``d = ln prediction - ln target`` over the valid pixels of one image:
    ``silog = 10 * sqrt(mean(d^2) - 0.85 * mean(d)^2 + 1e-8)``

    0.85 is lambda and 10 is alpha of BTS; lambda 1 would ignore the scale altogether. The
    epsilon keeps the gradient finite for a perfect prediction, which therefore costs 1e-3.

    Args:
        prediction_m: Predicted depth, metres, positive.
        target_m: True depth, metres, positive; may be 0 or NaN where ``valid`` is False.
        valid: True where the target may be used.

    Returns:
        Sum over images (no unit) and number of images with a valid pixel, at least fp32. An image
        without a valid pixel adds exactly 0 with a zero gradient; depth that is not positive at a
        valid pixel gives NaN.

    Example:
        >>> import torch
        >>> target_m = torch.ones(1, 1, 2, 2)
        >>> term = silog(2 * target_m, target_m, target_m > 0)
        >>> round(float(term.sum / term.count), 2)  # 10 * ln(2) * sqrt(0.15)
        2.68

    Reference:
        Lee et al., From Big to Small (BTS), arXiv 1907.10326, equation 4.
    """
    log_ratio = masked_log_ratio(prediction_m, target_m, valid).flatten(1)
    num_valid = valid.flatten(1).sum(dim=1)
    divisor = num_valid.clamp(min=1)
    mean_square = log_ratio.square().sum(dim=1) / divisor
    mean = log_ratio.sum(dim=1) / divisor
    loss = SCALE * (mean_square - VARIANCE_FOCUS * mean.square() + EPSILON).sqrt()
    return SumCount((loss * (num_valid > 0)).sum(), num_images(valid))
