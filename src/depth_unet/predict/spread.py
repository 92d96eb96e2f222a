"""The spread of log-depth, a Laplace distribution, and the 80 % interval of depth."""

import math

import numpy as np

from depth_unet.arrays import Float32

LOG_HALF = math.log(5)  # half of the 80 % interval of a Laplace distribution of scale 1


def half_width(
    depth_m: Float32[np.ndarray, "h w"], log_spread: Float32[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    """Half the width of the 80 % interval of log-depth's Laplace distribution, metres.

    The interval runs from ``depth / k`` to ``depth * k`` with ``k = exp(ln 5 * spread)``.
    """
    half: np.ndarray = depth_m * np.sinh(LOG_HALF * np.exp(log_spread))
    return half.astype(np.float32)


def spread_of(
    depth_m: Float32[np.ndarray, "h w"], half_width_m: Float32[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    """The ``log_spread`` that has this half width: the inverse of ``half_width``."""
    log_spread: np.ndarray = np.log(np.arcsinh(half_width_m / depth_m) / LOG_HALF)
    return log_spread.astype(np.float32)
