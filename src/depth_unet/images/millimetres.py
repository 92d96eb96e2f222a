"""Depth as stored in files: whole millimetres in 16 bits; 0 is a hole."""

import numpy as np

from depth_unet.arrays import Float, UInt16

MILLIMETRES_PER_METRE = 1000
LARGEST_MM = 65535


def as_millimetres(depth_m: Float[np.ndarray, "h w"]) -> UInt16[np.ndarray, "h w"]:
    """Round depth in metres to millimetres.

    Values that are not finite, not positive or beyond 65.535 m become holes, 0: a clipped value
    would look like a measured one.
    """
    depth_mm = np.rint(depth_m.astype(np.float64) * MILLIMETRES_PER_METRE)
    usable = np.isfinite(depth_mm) & (depth_mm > 0) & (depth_mm <= LARGEST_MM)
    return np.where(usable, depth_mm, 0).astype(np.uint16)
