"""A data set without the pairs that cannot be read."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from depth_unet.data.layout import OnBad
from depth_unet.data.source import Frame, Original
from depth_unet.errors import DataError


class Subset(Original):
    """Some rows of a data set, in their order.

    Args:
        source: The data set.
        indices: Which of its rows.
    """

    def __init__(self, source: Original, indices: Sequence[int]) -> None:
        self.source, self.indices = source, list(indices)
        self.root, self.info, self.labelled = source.root, source.info, source.labelled
        self.rows = [source.rows[index] for index in self.indices]

    def read(self, index: int) -> Frame:
        """See ``Source.read``."""
        return self.source.read(self.indices[index])

    def origin(self, index: int) -> str:
        """See ``Original.origin``."""
        return self.source.origin(self.indices[index])

    def native_files(self, index: int) -> tuple[bytes, bytes]:
        """See ``Original.native_files``."""
        return self.source.native_files(self.indices[index])


def without_bad(
    source: Original,
    on_bad: OnBad,
    *,
    workers: int = 0,
    progress: Callable[[], None] = lambda: None,
) -> Subset:
    """Read every pair once and keep those that can be read.

    Args:
        source: The data set.
        on_bad: Told what is wrong with each of the others.
        workers: Threads; 0 takes one per core.
        progress: Called after every pair.

    Raises:
        DataError: None can be read.
    """

    def wrong(index: int) -> DataError | None:
        try:
            source.read(index)
        except DataError as error:
            return error
        return None

    kept = []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for index, error in enumerate(pool.map(wrong, range(len(source.rows)))):
            progress()
            if error is None:
                kept.append(index)
            else:
                on_bad(error)
    if not kept:
        raise DataError(f"none of the {len(source.rows)} pairs of {source.root} can be read")
    return Subset(source, kept)
