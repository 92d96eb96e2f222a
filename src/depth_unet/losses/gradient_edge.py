"""Error of the depth differences between neighbouring pixels."""

from jaxtyping import Bool, Float
from torch import Tensor

from depth_unet.losses.masking import count_pairs, masked_error, sum_differences
from depth_unet.records import SumCount

DISTANCES = (1,)


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
    return sum_differences(masked_error(prediction_m, target_m, valid), valid, DISTANCES)


def num_pairs(valid: Bool[Tensor, "b 1 h w"]) -> Float[Tensor, ""]:
    """Half the number of neighbouring pairs of valid pixels, both directions together, fp32."""
    return count_pairs(valid, DISTANCES)
