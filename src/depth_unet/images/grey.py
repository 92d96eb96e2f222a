"""Grey images with more than 8 bits as RGB, for photos and data sets; does not import torch."""

import numpy as np
from jaxtyping import UInt8

LARGEST_COUNT = 65535


def grey_as_rgb(values: np.ndarray) -> UInt8[np.ndarray, "h w 3"]:
    """Scale one number per pixel so that 65535 is white, or 1 for floats up to 1; NaN is black."""
    known = np.nan_to_num(values.astype(np.float64), posinf=LARGEST_COUNT)
    white = 1.0 if values.dtype.kind == "f" and known.max(initial=0) <= 1 else LARGEST_COUNT
    grey = np.rint(np.clip(known / white, 0, 1) * 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
