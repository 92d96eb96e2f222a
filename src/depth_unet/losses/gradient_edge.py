"""Error of the depth differences between neighbouring pixels."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from depth_unet.losses.masking import masked_error
from depth_unet.records import SumCount

ALONG_X, ALONG_Y = -1, -2


def gradient_edge(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> SumCount:
    """Absolute first differences of the error, summed over horizontal and vertical pairs.

    With ``e = prediction - target``:
    ``gradient_edge = (sum |e[y, x+1] - e[y, x]| + sum |e[y+1, x] - e[y, x]|) / count``

    The paper writes ``mean(|dx e| + |dy e|)``: the mean is over pixels, and each has one pair in
    either direction. So ``count`` is half the number of pairs, and the value is the paper's
    wherever both directions count equally many pairs.

    Args:
        prediction_m: Predicted depth, metres.
        target_m: True depth, metres; may be NaN where ``valid`` is False.
        valid: True where the target may be used. A pair counts if both of its pixels are valid.

    Returns:
        Sum in metres and half the number of counted pairs, at least fp32. Without a counted pair
        both are 0 and so is the gradient; a constant error costs nothing.

    Example:
        >>> import torch
        >>> target_m = torch.zeros(1, 1, 1, 3)
        >>> prediction_m = torch.tensor([[[[0.0, 0.0, 1.0]]]])
        >>> term = gradient_edge(prediction_m, target_m, target_m == 0)
        >>> float(term.sum), float(term.count)
        (1.0, 1.0)

    Reference:
        Hafeez et al., Depth Estimation using Weighted-loss and Transfer Learning, VISAPP 2024,
        the edge loss.
    """
    error_m = masked_error(prediction_m, target_m, valid)
    total_m = error_m.new_zeros(())
    for direction in (ALONG_X, ALONG_Y):
        change_m = error_m.diff(dim=direction).abs()
        counted = _both_valid(valid, direction)
        total_m = total_m + torch.where(counted, change_m, torch.zeros_like(change_m)).sum()
    return SumCount(total_m, num_pairs(valid))


def num_pairs(valid: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, ""]:
    """Half the number of neighbouring pairs of valid pixels, both directions together, fp32."""
    return (_both_valid(valid, ALONG_X).sum() + _both_valid(valid, ALONG_Y).sum()).float() / 2


def _both_valid(valid: Tensor, direction: int) -> Tensor:
    num_pairs = valid.shape[direction] - 1
    return valid.narrow(direction, 0, num_pairs) & valid.narrow(direction, 1, num_pairs)
