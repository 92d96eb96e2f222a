"""What a run told TensorBoard, read back: its curves."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import (
    IMAGES,
    SCALARS,
    EventAccumulator,
)

from depth_unet.train.reporter import EVENTS_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One figure over a run.

    Attributes:
        steps: Optimiser steps taken when it was recorded, rising.
        values: The figure at each of them.
    """

    steps: tuple[int, ...]
    values: tuple[float, ...]


def read_history(run: Path) -> dict[str, Curve]:
    """Every figure that a run recorded, by its name in TensorBoard.

    Where a run was resumed from an earlier step, what it had recorded beyond that step is left
    out, as TensorBoard does: the resumed run took these steps again.

    Args:
        run: The run folder.

    Returns:
        Curves such as ``loss/mae`` and ``unseen/abs_rel``; none for a folder without events, and
        of a damaged file what comes before the damage.
    """
    folder = run / EVENTS_NAME
    if not folder.is_dir():
        return {}
    events = EventAccumulator(str(folder), size_guidance={SCALARS: 0, IMAGES: 1})
    with _quiet():
        events.Reload()
    curves = {}
    for name in events.Tags()[SCALARS]:
        points = events.Scalars(name)
        curves[name] = Curve(
            steps=tuple(point.step for point in points),
            values=tuple(float(point.value) for point in points),
        )
    return curves


@contextmanager
def _quiet() -> Iterator[None]:
    """TensorBoard warns of every resumed run, although it does with it what it should."""
    logger = logging.getLogger("tensorboard")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
