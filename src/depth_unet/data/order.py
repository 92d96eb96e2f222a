"""The order of training frames: new in every epoch, and determined by seed and epoch alone."""

import functools
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Int64

from depth_unet.errors import ConfigError

_MASK = 2**64 - 1
Epoch = tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]  # rows, and their earlier uses


class EpochOrder:
    """The frames of every epoch, from one data set or from several mixed by weight.

    With one data set, an epoch is a permutation of its frames. With several, an epoch has as many
    frames as all of them together, and each data set fills its share from one permutation of its
    frames after another, across epochs. A small data set may repeat within an epoch and a large
    one take several epochs, but no frame repeats before all others of its data set have been used.

    Args:
        parts: Rows of each data set; no row is in two.
        seed: Seed of the order and of the keys.
        weights: Share of each data set in an epoch, in any unit; None: by their sizes.

    Raises:
        ConfigError: A share is so small that an epoch has no frame of the data set.

    Example:
        >>> order = EpochOrder([range(4), range(4, 6)], seed=0, weights=[1, 1])
        >>> rows, _ = order.epoch(0)
        >>> len(rows), sum(row < 4 for row in rows.tolist())
        (6, 3)
    """

    def __init__(
        self, parts: Sequence[Sequence[int]], *, seed: int, weights: Sequence[float] | None = None
    ) -> None:
        self.parts = [np.asarray(part, np.int64) for part in parts]
        self.seed = seed
        sizes = [len(part) for part in parts]
        self.counts = sizes if weights is None else _apportion(sum(sizes), weights)
        if not all(self.counts):
            raise ConfigError(
                f"weights {list(weights or ())} leave {self.counts} frames of each data set in an "
                "epoch; raise the smallest weight"
            )
        self.epoch = functools.lru_cache(maxsize=2)(self._epoch)

    def __len__(self) -> int:
        """Frames in an epoch."""
        return sum(self.counts)

    def key(self, row: int, turn: int) -> int:
        """The random key of a frame in its use number ``turn``; no two are equal."""
        return hash_key(self.seed, turn, row)

    def _epoch(self, number: int) -> Epoch:
        """Rows of an epoch in order, and how often each frame was used before."""
        if len(self.parts) == 1:
            return self._part(0, number)
        labels = np.repeat(np.arange(len(self.parts)), self.counts)
        labels = labels[permutation(len(labels), hash_key(self.seed, number, len(self.parts), 0))]
        rows, turns = np.empty_like(labels), np.empty_like(labels)
        for part in range(len(self.parts)):
            rows[labels == part], turns[labels == part] = self._part(part, number)
        return rows, turns

    def _part(self, part: int, number: int) -> Epoch:
        rows, count = self.parts[part], self.counts[part]
        positions = np.arange(number * count, (number + 1) * count)
        turns, places = np.divmod(positions, len(rows))
        chosen = np.empty(count, np.int64)
        for turn in np.unique(turns).tolist():
            seed = hash_key(self.seed, turn, part) if part else hash_key(self.seed, turn)
            mine = turns == turn
            chosen[mine] = rows[permutation(len(rows), seed)[places[mine]]]
        return chosen, turns


def permutation(num: int, seed: int) -> Int64[np.ndarray, " {num}"]:
    """The numbers from 0 to ``num`` (exclusive) in random order."""
    order: np.ndarray = torch.randperm(num, generator=torch.Generator().manual_seed(seed)).numpy()
    return order


def hash_key(*values: int) -> int:
    """A 63-bit key from integers; close values give unrelated keys (SplitMix64).

    Reference:
        Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
    """
    state = 0
    for value in values:
        state = (state + value + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state >> 1


def _apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in the ratio of the weights that add up to ``total``."""
    ends = [round(total * sum(weights[: i + 1]) / sum(weights)) for i in range(len(weights))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
