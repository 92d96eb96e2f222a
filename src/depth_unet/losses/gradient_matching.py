"""Error of the log-depth differences at several distances."""

from jaxtyping import Bool, Float
from torch import Tensor

from depth_unet.losses.masking import count_pairs, masked_log_ratio, sum_differences
from depth_unet.records import SumCount

DISTANCES = (1, 2, 4, 8, 16)


def gradient_matching(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> SumCount:
    """Absolute differences of the log-ratio between pixels 1, 2, 4, 8 and 16 apart.

    With ``d = ln prediction - ln target``, summed over the distances k:
    ``gradient_matching = sum (sum |d[y, x+k] - d[y, x]| + sum |d[y+k, x] - d[y, x]|) / count``

    A jump in depth that is not predicted costs the same at every distance. A smeared one costs
    little at distances beyond its width, so it is better than none; with distance 1 alone it would
    be worse. The scale of an image does not count.

    Args:
        prediction_m: Predicted depth, metres, positive.
        target_m: True depth, metres, positive; may be 0 or NaN where ``valid`` is False.
        valid: True where the target may be used. A pair counts if both of its pixels are valid.

    Returns:
        Sum (no unit) and half the number of counted pairs of all distances, at least fp32. Without
        a counted pair both are 0 and so is the gradient; depth that is not positive at a valid
        pixel gives NaN.

    Example:
        >>> import torch
        >>> target_m = torch.ones(1, 1, 1, 3)
        >>> prediction_m = torch.tensor([[[[1.0, 1.0, 2.0]]]])
        >>> term = gradient_matching(prediction_m, target_m, target_m > 0)
        >>> round(float(term.sum), 2), float(term.count)  # ln 2 at distances 1 and 2
        (1.39, 1.5)

    Reference:
        Li and Snavely, MegaDepth, CVPR 2018, section 4.3. There, images are subsampled instead.
    """
    return sum_differences(masked_log_ratio(prediction_m, target_m, valid), valid, DISTANCES)


def num_far_pairs(valid: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, ""]:
    """Half the number of pairs of valid pixels at all distances and in both directions, fp32."""
    return count_pairs(valid, DISTANCES)
