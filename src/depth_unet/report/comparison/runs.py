"""The runs of a comparison, and short names for them."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from depth_unet.config.run import Config
from depth_unet.data.splits import Splits
from depth_unet.files.hub import name_in_cache
from depth_unet.model.checkpoint import Checkpoint
from depth_unet.model.shipped import BEST_NAME, LAST_NAME, short_name
from depth_unet.train.history import Curve, read_history


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run.

    Attributes:
        name: Its name, different for every run of a comparison.
        path: The scored checkpoint.
        config: The config it was trained with.
        step: Optimiser steps that the scored weights were trained for.
        origin: The weights that training started from, in words; empty for random ones.
        num_weights: Trained numbers in the network.
        splits: Names of its frames.
        curves: Its recorded losses and validations; empty if there is no record.
    """

    name: str
    path: Path
    config: Config
    step: int
    origin: str
    num_weights: int
    splits: Splits
    curves: Mapping[str, Curve]

    @classmethod
    def from_checkpoint(cls, name: str, path: Path, checkpoint: Checkpoint) -> Self:
        """The run that a checkpoint belongs to, with the curves recorded beside it."""
        return cls(
            name=name,
            path=path,
            config=checkpoint.config,
            step=checkpoint.step,
            origin=checkpoint.origin,
            num_weights=sum(weight.numel() for weight in checkpoint.weights.values()),
            splits=Splits.from_dict(checkpoint.splits),
            curves=read_history(path.parent),
        )

    def images_seen(self, step: int) -> int:
        """Training images used in ``step`` steps; the last batch of an epoch may be smaller."""
        frames = len(self.splits.train)
        epochs, rest = divmod(step, max(1, self.config.steps_per_epoch(frames)))
        return epochs * frames + rest * self.config.batch_size


def run_names(paths: Sequence[Path]) -> list[str]:
    """Short names that differ: the run folder's, with parent folders where two are equal.

    A checkpoint that is not the one its folder stands for is named with its file. A checkpoint that
    is given twice gets a number.

    Args:
        paths: Checkpoint files, as ``checkpoint.resolve`` returns them.
    """
    whole = [_parts(path) for path in paths]
    names: list[str] = []
    for mine in whole:
        others = {other for other in whole if other != mine}
        length = next(
            size
            for size in range(1, len(mine) + 1)
            if size == len(mine) or all(other[-size:] != mine[-size:] for other in others)
        )
        name = "/".join(mine[-length:])
        numbered = (f"{name} ({number})" for number in itertools.count(2))
        names.append(next(n for n in itertools.chain([name], numbered) if n not in names))
    return names


def _parts(path: Path) -> tuple[str, ...]:
    if name_in_cache(path)[0]:
        return tuple(short_name(path).split("/"))
    folder = path.resolve().parent
    stands_for_folder = path.name == BEST_NAME or (
        path.name == LAST_NAME and not (folder / BEST_NAME).exists()
    )
    if stands_for_folder:
        return folder.parts
    return (*folder.parts[:-1], f"{folder.name}/{path.stem}")
