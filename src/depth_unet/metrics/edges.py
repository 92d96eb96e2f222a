"""Metrics of depth edges: where depth jumps, and whether the prediction jumps there too."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor

EDGE_THRESHOLDS_M = (0.25, 0.5, 1.0)
EDGE_NAMES = (
    *(
        f"edge_{kind}_{threshold:g}"
        for kind in ("precision", "recall", "f1")
        for threshold in EDGE_THRESHOLDS_M
    ),
    "edge_f1",
    "boundary_f1",
)
"""Columns of ``edge_scores``."""


def edge_scores(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> Float64[Tensor, "b 11"]:
    """How well the edges of each prediction lie on the true edges, by two definitions.

    With ``h`` edges that both maps have, ``p`` predicted and ``g`` true ones:
    ``precision = h / p``, ``recall = h / g``, ``F1 = 2 precision recall / (precision + recall)``.

    Edges in metres: a pixel is an edge where the magnitude of the 3x3 Sobel gradient, not
    normalised, is above .25, .5 or 1 m. A step of ``s`` metres has the magnitude ``4 s`` on both of
    its sides, so these are steps of 6, 12.5 and 25 cm. ``edge_f1`` is the mean of the three F1.

    Scale-invariant boundaries: two neighbouring pixels are an edge where the ratio of their depths
    is above ``t``, for ten ``t`` from 1.05 to 1.25. Right, left, lower and upper neighbours count
    on their own: precision and recall are means over these four. ``boundary_f1`` is the mean F1
    over ``t``, weighted by ``t``.

    A pixel counts where its whole 3x3 window is valid, a pair where both pixels are; the border of
    the map has no whole window.

    Args:
        prediction_m: Predicted depth, metres, positive.
        target_m: True depth, metres, positive; anything where ``valid`` is False.
        valid: True where the target may be used.

    Returns:
        One row per image, one column per ``EDGE_NAMES``, each in [0, 1], float64. Where only one
        of the maps has edges, precision, recall and F1 are 0. Where neither has any, there is
        nothing to judge: the values in metres are 1, and ``boundary_f1`` leaves that direction, or
        that ``t``, out of its mean; it is 1 if nothing remains. So an image without edges gives no
        NaN. A NaN prediction at a valid pixel makes its row NaN.

    Example:
        >>> target_m = torch.tensor([[1.0, 1, 1, 2, 2, 2]] * 3).view(1, 1, 3, 6)
        >>> prediction_m = torch.tensor([[1.0, 1, 1, 1, 2, 2]] * 3).view(1, 1, 3, 6)
        >>> edge_scores(prediction_m, target_m, target_m > 0)[0, -2:].tolist()
        [0.5, 0.0]

    Reference:
        Hu et al., Revisiting Single Image Depth Estimation, WACV 2019; Bochkovskii et al., Depth
        Pro, 2024. Hu's program also counts the border of the map, as edges of both; that of Depth
        Pro counts 0 where neither map has an edge.
    """
    # Half the memory is twice the speed, and thresholds need no more digits.
    maps = prediction_m[:, 0].float(), target_m[:, 0].float()
    known = valid[:, 0]
    precision, recall = (rate.nan_to_num(1.0) for rate in _in_metres(*maps, known))
    f1 = _f1(precision, recall)
    mean_f1 = f1.mean(dim=1, keepdim=True)
    values = torch.cat((precision, recall, f1, mean_f1, _boundary_f1(*maps, known)), dim=1)
    spoiled = (maps[0].isnan() & known).flatten(1).any(dim=1, keepdim=True)
    return values.masked_fill(spoiled, torch.nan)


def _in_metres(prediction: Tensor, target: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Precision and recall (b x 3) of pixels with a steep Sobel gradient."""
    thresholds = torch.tensor(EDGE_THRESHOLDS_M, dtype=torch.float64, device=target.device)
    whole = known[:, :-2] & known[:, 1:-1] & known[:, 2:]
    whole = whole[..., :-2] & whole[..., 1:-1] & whole[..., 2:]
    squares = [_sobel_square(depth) for depth in (prediction, target)]
    steep = [square > EDGE_THRESHOLDS_M[0] ** 2 for square in squares]
    place = ((steep[0] | steep[1]) & whole).nonzero(as_tuple=True)
    levels = [torch.bucketize(square[place].double().sqrt(), thresholds) for square in squares]
    return _rates(levels, place[0], len(known), len(thresholds))


def _sobel_square(depth: Tensor) -> Tensor:
    """Squared magnitude of the Sobel gradient where the window is whole: (b, h - 2, w - 2)."""
    across = depth[..., 2:] - depth[..., :-2]
    along = depth[:, 2:] - depth[:, :-2]
    across = (across[:, :-2] + across[:, 2:]).add_(across[:, 1:-1], alpha=2)
    along = (along[..., :-2] + along[..., 2:]).add_(along[..., 1:-1], alpha=2)
    return across.square_().addcmul_(along, along)


def _boundary_f1(prediction: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """F1 (b x 1) of neighbours with a high ratio of depths, averaged over the thresholds."""
    # The thresholds are whole numbers over 180, so that weights by threshold add up exactly.
    weights = torch.arange(189, 226, 4, dtype=torch.float64, device=target.device)
    thresholds, num_images = weights / 180, len(known)
    rates = []
    for axis in (1, 2):
        sides = [
            [part.narrow(axis, start, part.shape[axis] - 1) for part in (known, prediction, target)]
            for start in (0, 1)
        ]
        pair, *pairs = zip(*sides, strict=True)
        # Most pairs are no edge at all. Both directions of the others are judged exactly.
        steep = [(a / b).sub_(1).abs_() > 0.04 for a, b in pairs]
        place = ((steep[0] | steep[1]) & pair[0] & pair[1]).nonzero(as_tuple=True)
        found = [(a[place].double(), b[place].double()) for a, b in pairs]
        for far, near in ((0, 1), (1, 0)):
            levels = [torch.bucketize(one[far] / one[near], thresholds) for one in found]
            rates.append(_rates(levels, place[0], num_images, len(thresholds)))
    precision, recall = (torch.stack(parts).nanmean(dim=0) for parts in zip(*rates, strict=True))
    judged = weights * ~precision.isnan()
    total = judged.sum(dim=1, keepdim=True)
    f1 = (_f1(precision, recall).nan_to_num(0.0) * judged).sum(dim=1, keepdim=True)
    return torch.where(total > 0, f1 / total, 1.0)


def _rates(
    levels: Sequence[Tensor], image: Tensor, num_images: int, num_levels: int
) -> tuple[Tensor, Tensor]:
    """Precision and recall of edges at every level; both are NaN where neither map has an edge.

    Args:
        levels: The number of thresholds that each place exceeds, predicted and true.
        image: The image that each place is in.
        num_images: Number of images.
        num_levels: Number of thresholds.

    Returns:
        Each (num_images, num_levels).
    """
    predicted, true = levels
    hits, num_predicted, num_true = (
        _count(level, image, num_images, num_levels + 1)
        for level in (torch.minimum(predicted, true), predicted, true)
    )
    neither = (num_predicted == 0) & (num_true == 0)
    precision, recall = (
        torch.where(neither, torch.nan, hits / whole.clamp(min=1))
        for whole in (num_predicted, num_true)
    )
    return precision, recall


def _count(level: Tensor, image: Tensor, num_images: int, size: int) -> Tensor:
    bins = torch.bincount(image * size + level, minlength=num_images * size).view(-1, size)
    return bins.flip(1).cumsum(dim=1).flip(1)[:, 1:].double()


def _f1(precision: Tensor, recall: Tensor) -> Tensor:
    total = precision + recall
    return torch.where(total == 0, 0.0, 2 * precision * recall / total)
