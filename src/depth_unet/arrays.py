"""Array types with shapes, such as ``Float32[np.ndarray, "h w"]``, and percentiles.

All that prediction imports takes them from here, to start fast. The types are jaxtyping's for type
checkers, and where jaxtyping was imported before, as tests do. Elsewhere they are plain arrays:
importing jaxtyping takes longer than predicting a photo.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

__all__ = [
    "Bool",
    "Float",
    "Float32",
    "Float64",
    "Int32",
    "Int64",
    "Shaped",
    "UInt8",
    "UInt16",
    "percentiles",
]

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import (
        Bool,
        Float,
        Float32,
        Float64,
        Int32,
        Int64,
        Shaped,
        UInt8,
        UInt16,
    )
else:

    class Shaped:
        """The type of an array, whatever its shape."""

        def __class_getitem__(cls, kind: tuple[Any, str]) -> Any:
            return kind[0]

    Bool = Float = Float32 = Float64 = Int32 = Int64 = UInt8 = UInt16 = Shaped


def percentiles(values: Shaped[np.ndarray, " n"], shares: Sequence[float]) -> list[float]:
    """Percentiles of one or more values, as ``numpy.percentile`` interpolates them.

    That function imports ``numpy.ma``, which takes as long as predicting a photo.

    Example:
        >>> percentiles(np.array([4.0, 1.0]), (0, 50, 100))
        [1.0, 2.5, 4.0]
    """
    places = np.asarray(shares) / 100 * (len(values) - 1)
    ranks = np.unique([np.floor(places), np.ceil(places)]).astype(np.int64)
    found: list[float] = np.interp(places, ranks, np.partition(values, ranks)[ranks]).tolist()
    return found
