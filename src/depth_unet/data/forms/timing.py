"""Photos and depth maps that were taken at nearly the same time."""

import warnings
from collections.abc import Sequence

import numpy as np

from depth_unet.errors import DataError

MOST_APART_S = 0.02  # as in the tools of TUM's data set; a camera with 30 Hz has 33 ms per frame


def pair_by_time(
    photos_s: Sequence[float], depths_s: Sequence[float], where: object
) -> list[tuple[int, int]]:
    """Pairs (photo, depth map), in the order of time.

    A photo and a depth map form a pair if each is the other's nearest in time, and they are at most
    20 ms apart. A warning tells if most of the rarer kind have no partner.

    Args:
        photos_s: Time of each photo, seconds.
        depths_s: Time of each depth map, seconds.
        where: The recording, for messages.

    Raises:
        DataError: There are no photos, no depth maps, or no pairs.
    """
    for times_s, kind in ((photos_s, "photos"), (depths_s, "depth maps")):
        if not len(times_s):
            raise DataError(f"{where} holds no {kind}; record it again")
    photos, depths = np.asarray(photos_s, np.float64), np.asarray(depths_s, np.float64)
    of_photo, of_depth = _nearest(photos, depths), _nearest(depths, photos)
    apart_s = np.abs(photos - depths[of_photo])
    mutual = of_depth[of_photo] == np.arange(len(photos))
    found = np.flatnonzero(mutual & (apart_s <= MOST_APART_S))
    limit = f"{MOST_APART_S * 1000:g} ms"
    if not found.size:
        raise DataError(
            f"{where}: no photo was taken within {limit} of a depth map (the nearest are "
            f"{apart_s.min():.3g} s apart), so their clocks differ; record both with one clock, or "
            "correct the time stamps"
        )
    fewer = min(len(photos), len(depths))
    if 2 * found.size < fewer:
        warnings.warn(
            f"{where}: only {found.size} of {fewer} frames have a photo and a depth map within "
            f"{limit} of each other; the others are not used",
            stacklevel=2,
        )
    ordered = found[np.argsort(photos[found], kind="stable")]
    return [(int(index), int(of_photo[index])) for index in ordered]


def _nearest(times: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each time, the index of the nearest of the others; of two, the first."""
    order = np.argsort(others, kind="stable")
    ordered = others[order]
    after = np.searchsorted(ordered, times).clip(0, len(others) - 1)
    before = (after - 1).clip(0)
    is_before = np.abs(times - ordered[before]) <= np.abs(times - ordered[after])
    return np.asarray(order[np.where(is_before, before, after)])
