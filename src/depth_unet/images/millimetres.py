"""Depth as files hold it: whole millimetres in 16 bits, 0 where nothing is known."""

import numpy as np
from jaxtyping import Float, UInt16

MILLIMETRES_PER_METRE = 1000
LARGEST_MM = 65535


def as_millimetres(depth_m: Float[np.ndarray, "h w"]) -> UInt16[np.ndarray, "h w"]:
    """Round depth to what a 16-bit file can hold.

    Args:
        depth_m: Depth, metres.

    Returns:
        Millimetres. What is not finite, not positive or beyond 65.535 m becomes a hole, 0: a
        value cut at the end of the range would be read as a measured one.
    """
    depth_mm = np.rint(depth_m.astype(np.float64) * MILLIMETRES_PER_METRE)
    usable = np.isfinite(depth_mm) & (depth_mm > 0) & (depth_mm <= LARGEST_MM)
    return np.where(usable, depth_mm, 0).astype(np.uint16)
