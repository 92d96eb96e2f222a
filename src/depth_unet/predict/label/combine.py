"""One depth map from those of several networks, and where they agree."""

from collections.abc import Sequence

import numpy as np

from depth_unet.arrays import Float32


def combine(
    depths_m: Sequence[Float32[np.ndarray, "h w"]], weights: Sequence[float]
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    """The weighted geometric mean of depth maps that have been given the scale of the first.

    Networks agree on structure more than on scale. So each map is divided by its median ratio to
    the first one before the mean is taken; the result has the scale of the first.

    Args:
        depths_m: Depth of one photo by each network, metres, positive.
        weights: A weight for each network.

    Returns:
        Depth, metres, and the disagreement: the weighted standard deviation of log-depth, 0 where
        all agree.

    Example:
        >>> near = np.full((1, 2), 2, np.float32)
        >>> depth_m, disagreement = combine([near, 3 * near], [1, 1])
        >>> float(depth_m[0, 0]), float(disagreement[0, 0])
        (2.0, 0.0)
    """
    logs = [np.log(depth_m) for depth_m in depths_m]
    aligned = np.stack([log - np.median(log - logs[0]) for log in logs])
    mean = np.average(aligned, axis=0, weights=weights)
    variance = np.average((aligned - mean) ** 2, axis=0, weights=weights)
    return np.exp(mean).astype(np.float32), np.sqrt(variance).astype(np.float32)
