"""From the last layer's output to metres."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from depth_unet.config.model import DepthMap


def to_metres(
    raw: Float[Tensor, "b 1 h w"], depth_map: DepthMap, min_depth_m: float, max_depth_m: float
) -> Float[Tensor, "b 1 h w"]:
    """Depth between the two bounds, monotonic in ``raw`` (falling for ``inverse``).

    With s = sigmoid(raw): ``log`` is min * (max / min)^s, ``linear`` is min + (max - min) * s,
    ``inverse`` is 1 / (1 / max + (1 / min - 1 / max) * s).

    Args:
        raw: Real numbers, at least fp32: a half-precision exponential is off by centimetres.
        depth_map: Which of the three maps.
        min_depth_m: Lower bound, metres, positive.
        max_depth_m: Upper bound, metres.

    Returns:
        Depth in metres, within [min_depth_m, max_depth_m].
    """
    share = torch.sigmoid(raw)
    match depth_map:
        case "log":
            low, high = math.log(min_depth_m), math.log(max_depth_m)
            return torch.exp(low + (high - low) * share)
        case "linear":
            return min_depth_m + (max_depth_m - min_depth_m) * share
        case "inverse":
            near, far = 1 / min_depth_m, 1 / max_depth_m
            return 1 / (far + (near - far) * share)
