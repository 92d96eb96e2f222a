"""The value of white: photos of any range of values as 8 bits; does not import torch."""

import warnings

import numpy as np

from depth_unet.arrays import UInt8
from depth_unet.errors import DataError

WHITES = (255, 2**10 - 1, 2**12 - 1, 2**14 - 1, 2**16 - 1)
MOST_SHARE = 16.0  # in floats; a photo of 0 to 255 with values up to here would be black
OVERSHOOT = 0.1  # by this share of white may floats leave their range, as resampled ones do


def as_8_bits(
    values: np.ndarray, name: str, white: int | None = None
) -> UInt8[np.ndarray, "*shape"]:
    """Scale the values of a photo so that white is 255.

    Args:
        values: Values of any shape; NaN is black.
        name: The photo, for messages.
        white: The value of white if the file states it. None finds it: 1 for floats up to 16,
            else the first of 255, 1023, 4095, 16383 and 65535 that is not below the largest value
            (for floats, by more than a tenth). Any but 65535 for integers, and 1 for floats up to
            1, is a guess and gives a warning.

    Raises:
        DataError: Values are negative or larger than 65535.
    """
    if values.dtype == np.uint8:
        return values
    known = values.astype(np.float64)
    finite = known[np.isfinite(known)]
    low, high = finite.min(initial=0), finite.max(initial=0)
    slack = OVERSHOOT if values.dtype.kind == "f" else 0.0
    found = white or _find_white(high, slack)
    if found is None or low < -slack * found:
        raise DataError(
            f"{name} holds values from {low:.5g} to {high:.5g}; expected 0 to 65535, or 0 to 1 in "
            "floats; undo a normalisation, or scale the values"
        )
    is_certain = high <= 1 if slack else found == WHITES[-1]
    if white is None and high > 0 and not is_certain:
        warnings.warn(
            f"some photos do not state which value is white: {found} is assumed, the smallest that "
            f"fits; if that is wrong, scale them so that {1 if slack else 65535} is white",
            stacklevel=2,
        )
    return np.rint(np.clip(np.nan_to_num(known / found, posinf=1.0), 0, 1) * 255).astype(np.uint8)


def _find_white(high: float, slack: float) -> int | None:
    if slack and high <= MOST_SHARE:
        return 1
    return next((white for white in WHITES if high <= white * (1 + slack)), None)
