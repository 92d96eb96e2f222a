"""The runs that are compared: what they are, and what each is called."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from depth_unet.config.run import Config
from depth_unet.data.splits import Splits
from depth_unet.model.checkpoint import BEST_NAME, LAST_NAME, Checkpoint
from depth_unet.train.history import Curve, read_history


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run.

    Attributes:
        name: What it is called, different for every run of a comparison.
        path: The checkpoint that is scored.
        config: What it was trained with.
        step: Optimiser steps that the scored weights were trained for.
        origin: The weights that training began with, in words; empty for random ones.
        num_weights: Trained numbers in the network.
        splits: Names of its frames.
        curves: What it recorded while it was trained; empty without event files.
    """

    name: str
    path: Path
    config: Config
    step: int
    origin: str
    num_weights: int
    splits: Splits
    curves: Mapping[str, Curve]

    def images_seen(self, step: int) -> int:
        """Training images that ``step`` steps looked at; an epoch's last batch may be smaller."""
        frames = len(self.splits.train)
        epochs, rest = divmod(step, max(1, self.config.steps_per_epoch(frames)))
        return epochs * frames + rest * self.config.batch_size


def as_run(name: str, path: Path, checkpoint: Checkpoint) -> Run:
    """What a checkpoint and the event files beside it say of a run."""
    return Run(
        name=name,
        path=path,
        config=checkpoint.config,
        step=checkpoint.step,
        origin=checkpoint.origin,
        num_weights=sum(weight.numel() for weight in checkpoint.weights.values()),
        splits=Splits.from_dict(checkpoint.splits),
        curves=read_history(path.parent),
    )


def names_of(paths: Sequence[Path]) -> list[str]:
    """Short names that differ: the run folder's, with parent folders where two share it.

    A checkpoint other than the one that its folder stands for is named with its file; what is
    named twice is numbered.

    Args:
        paths: Checkpoint files, as ``checkpoint.resolve`` returns them.
    """
    whole = [_parts(path) for path in paths]
    names = []
    for mine in whole:
        others = {other for other in whole if other != mine}
        length = next(
            size
            for size in range(1, len(mine) + 1)
            if size == len(mine) or all(other[-size:] != mine[-size:] for other in others)
        )
        names.append("/".join(mine[-length:]))
    distinct: list[str] = []
    for name in names:
        numbered = (f"{name} ({number})" for number in itertools.count(2))
        distinct.append(next(n for n in itertools.chain([name], numbered) if n not in distinct))
    return distinct


def _parts(path: Path) -> tuple[str, ...]:
    folder = path.resolve().parent
    stands_for_folder = path.name == BEST_NAME or (
        path.name == LAST_NAME and not (folder / BEST_NAME).exists()
    )
    if stands_for_folder:
        return folder.parts
    return (*folder.parts[:-1], f"{folder.name}/{path.stem}")
