"""The depth metrics of the field, computed from sums over pixels."""

import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor

from depth_unet.metrics.edges import EDGE_NAMES, edge_scores

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
    *EDGE_NAMES,
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
    *EDGE_NAMES,
)
"""Keys of ``scores``, in the order of the tables."""
DELTA_BASE = 1.25


def is_higher_better(metric: str) -> bool:
    """Whether a higher value of one of ``METRIC_NAMES`` is better."""
    return metric.startswith("delta") or metric in EDGE_NAMES


def image_sums(
    prediction_m: Float[Tensor, "b 1 h w"],
    target_m: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> Float64[Tensor, "b 21"]:
    """Sufficient statistics of each image: the sums over pixels that the metrics need.

    With ``p`` the prediction, ``g`` the target and ``d = ln p - ln g``, the sums of
    ``1, |p - g| / g, (p - g)^2 / g, (p - g)^2, d^2, d, |log10 p - log10 g|`` and of the hits
    ``max(p / g, g / p) < 1.25^k`` for k = 1, 2, 3. AbsRel divides by the ground truth. The
    ``edge_scores`` of the whole image stand here times its number of valid pixels.

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
        error.abs() / target,
        error.square() / target,
        error.square(),
        log_ratio.square(),
        log_ratio,
        (prediction.log10() - target.log10()).abs(),
        *(ratio < DELTA_BASE**power for power in (1, 2, 3)),
    )
    totals = ((column * counted).sum(dim=1) for column in columns)
    sums = torch.stack((counted.sum(dim=1), *totals), dim=1)
    return torch.cat((sums, sums[:, :1] * edge_scores(prediction_m, target_m, valid)), dim=1)


def scores(sums: Float64[Tensor, "b 21"]) -> dict[str, Float64[Tensor, " b"]]:
    """The metrics of each row of sums.

    With means over the counted pixels: ``abs_rel = mean(|p - g| / g)``,
    ``sq_rel = mean((p - g)^2 / g)`` (metres), ``rmse = sqrt(mean((p - g)^2))`` (metres),
    ``rmse_log = sqrt(mean(d^2))`` with ``d = ln p - ln g``,
    ``log10 = mean |log10 p - log10 g|``,
    ``silog = 100 * sqrt(mean(d^2) - mean(d)^2)``, the form of KITTI and BTS, times 100,
    ``delta_k``, the share of pixels with ``max(p / g, g / p) < 1.25^k``, and the ``edge_scores``;
    where pixels are pooled, their mean over images, weighted by the number of valid pixels.

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
        **{name: mean[name] for name in EDGE_NAMES},
    }
