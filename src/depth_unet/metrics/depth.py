"""The usual depth metrics, computed from sums over pixels."""

import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor

SUM_NAMES = (
    "count",
    "abs_rel",
    "sq_rel",
    "square",
    "square_log",
    "log",
    "abs_log10",
    "delta1",
    "delta2",
    "delta3",
)
"""Columns of ``image_sums``."""
METRIC_NAMES = (
    "abs_rel",
    "sq_rel",
    "rmse",
    "rmse_log",
    "log10",
    "silog",
    "delta1",
    "delta2",
    "delta3",
)
"""Keys of ``scores``, in the order of the tables."""
DELTA_BASE = 1.25


def image_sums(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> Float64[Tensor, "b 10"]:
    """Sufficient statistics of each image: the sums over pixels that the metrics need.

    With ``p`` the prediction, ``g`` the target and ``d = ln p - ln g``, the sums of
    ``1, |p - g| / g, (p - g)^2 / g, (p - g)^2, d^2, d, |log10 p - log10 g|`` and of the hits
    ``max(p / g, g / p) < 1.25^k`` for k = 1, 2, 3. AbsRel divides by the ground truth.

    Args:
        prediction_m: Predicted depth, metres, positive.
        target_m: True depth, metres, positive; may be 0 or NaN where ``valid`` is False.
        valid: True where the target may be used.

    Returns:
        One row per image, one column per ``SUM_NAMES``, float64. An image without a valid pixel
        is a row of zeros; a NaN prediction at a valid pixel makes the sums NaN.

    Example:
        >>> target_m = torch.ones(1, 1, 2, 2)
        >>> sums = image_sums(1.1 * target_m, target_m, target_m > 0)
        >>> float(sums[0, SUM_NAMES.index("delta1")])
        4.0
    """
    one = torch.ones((), dtype=torch.float64, device=target_m.device)
    prediction = torch.where(valid, prediction_m.double(), one).flatten(1)
    target = torch.where(valid, target_m.double(), one).flatten(1)
    counted = valid.flatten(1).double()
    error = prediction - target
    log_ratio = prediction.log() - target.log()
    ratio = torch.maximum(prediction / target, target / prediction)
    columns = (
        torch.ones_like(error),
        error.abs() / target,
        error.square() / target,
        error.square(),
        log_ratio.square(),
        log_ratio,
        (prediction.log10() - target.log10()).abs(),
        *(ratio < DELTA_BASE**power for power in (1, 2, 3)),
    )
    return torch.stack([(column * counted).sum(dim=1) for column in columns], dim=1)


def scores(sums: Float64[Tensor, "b 10"]) -> dict[str, Float64[Tensor, " b"]]:
    """The metrics of each row of sums.

    With means over the counted pixels: ``abs_rel = mean(|p - g| / g)``,
    ``sq_rel = mean((p - g)^2 / g)`` (metres), ``rmse = sqrt(mean((p - g)^2))`` (metres),
    ``rmse_log = sqrt(mean(d^2))`` with ``d = ln p - ln g``,
    ``log10 = mean |log10 p - log10 g|``,
    ``silog = 100 * sqrt(mean(d^2) - mean(d)^2)``, the form of KITTI and BTS, times 100, and
    ``delta_k``, the share of pixels with ``max(p / g, g / p) < 1.25^k``.

    Args:
        sums: Rows of ``image_sums``, or sums of such rows (metrics pooled over their pixels).

    Returns:
        One value per row for each of ``METRIC_NAMES``, float64; NaN for a row with count 0.

    Example:
        >>> target_m = torch.ones(1, 1, 2, 2)
        >>> rows = image_sums(1.5 * target_m, target_m, target_m > 0)
        >>> float(scores(rows)["abs_rel"])
        0.5

    Reference:
        Eigen et al., Depth Map Prediction from a Single Image using a Multi-Scale Deep Network,
        NeurIPS 2014, section 4; silog as in the KITTI depth benchmark.
    """
    mean = dict(zip(SUM_NAMES, (sums / sums[:, :1]).unbind(dim=1), strict=True))
    # Rounding can leave the variance of a constant log-ratio a little below 0.
    variance_log = (mean["square_log"] - mean["log"].square()).clamp(min=0)
    return {
        "abs_rel": mean["abs_rel"],
        "sq_rel": mean["sq_rel"],
        "rmse": mean["square"].sqrt(),
        "rmse_log": mean["square_log"].sqrt(),
        "log10": mean["abs_log10"],
        "silog": 100 * variance_log.sqrt(),
        "delta1": mean["delta1"],
        "delta2": mean["delta2"],
        "delta3": mean["delta3"],
    }
