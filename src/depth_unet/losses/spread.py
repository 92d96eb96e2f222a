"""Likelihood of the depth error under the spread that the network predicts."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from depth_unet.losses.masking import masked_log_ratio, num_pixels, upcast
from depth_unet.records import SumCount


def spread(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    *,
    log_spread: Float[Tensor, "b 1 h w"],
) -> SumCount:
    """Negative log-likelihood of log-depth under a Laplace distribution, over the valid pixels.

    With ``s = log_spread``: ``sum of |ln prediction - ln target| * exp(-s) + s + ln 2``

    No gradient reaches the prediction: a network must not buy likelihood with worse depth.

    Args:
        prediction_m: Predicted depth, metres, positive.
        target_m: True depth, metres, positive; may be 0 or NaN where ``valid`` is False.
        valid: True where the target may be used.
        log_spread: Logarithm of the distribution's scale, in log-depth.

    Returns:
        Sum (nats; may be negative) and number of valid pixels, at least fp32. Without a valid pixel
        both are 0 and so is the gradient.

    Example:
        >>> import torch
        >>> target_m = torch.ones(1, 1, 2, 2)
        >>> term = spread(target_m, target_m, target_m > 0, log_spread=0 * target_m)
        >>> round(float(term.sum / term.count), 3)  # ln 2
        0.693

    Reference:
        Kendall and Gal, What Uncertainties Do We Need, NeurIPS 2017, equation 5 with a Laplace
        distribution.
    """
    error = masked_log_ratio(prediction_m.detach(), target_m, valid).abs()
    log_spread = torch.where(valid, upcast(log_spread), torch.zeros_like(error))
    loss = error * torch.exp(-log_spread) + log_spread + math.log(2)
    return SumCount((loss * valid).sum(), num_pixels(valid))
