"""One trial of a search: what the search needs of training, and nothing else of it."""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from depth_unet.config.run import Config
from depth_unet.config.values import differences
from depth_unet.data.mixture import Mixture
from depth_unet.errors import CheckpointError, ConfigError
from depth_unet.model.checkpoint import BEST_NAME, LAST_NAME, Checkpoint, read
from depth_unet.search.run import OnScore
from depth_unet.train.devices import make_fabric, resolve_precision
from depth_unet.train.folder import clear_run_folder
from depth_unet.train.loop import Trainer


@dataclass(frozen=True, slots=True)
class Setting:
    """What every trial of this process is run with.

    Attributes:
        source: The data set.
        device: Where networks are trained.
        console: Where progress is shown.
    """

    source: Mixture
    device: torch.device
    console: Console


def run_trial(setting: Setting, config: Config, out: Path, told: OnScore) -> float:
    """Train one trial, from its last checkpoint if there is one.

    Everything that the search needs of training is here.

    Args:
        setting: What every trial is run with.
        config: The trial's settings.
        out: Its run folder.
        told: Told every validation; may raise to end the run.

    Returns:
        The lowest AbsRel on unseen rooms; infinite where the network diverged or did not fit into
        the memory.

    Raises:
        CheckpointError: The folder holds a run of other settings.
    """
    source = setting.source
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # they were shown when the search started
        splits = source.split(fraction=config.fraction, holdout=config.holdout, seed=config.seed)
    config = resolve_precision(config, setting.device)
    resume = read(out / LAST_NAME) if (out / LAST_NAME).exists() else None
    interval = config.validation_interval(len(splits.train))
    # A trial that is pruned or killed can be gone on with from its last validation.
    config = replace(config, checkpoint_every=min(config.checkpoint_every, interval))
    if resume is None:
        clear_run_folder(out)
    else:
        config = checked(resume, config, out)
    fabric = make_fabric(config, setting.device)
    fabric.launch()

    def on_validation(step: int, figures: Mapping[str, float]) -> None:
        told(step, figures, trainer.ended or step == trainer.total_steps)

    trainer = Trainer(
        config, source, splits, out, fabric=fabric, resume=resume, on_validation=on_validation
    )
    if resume is not None and (out / BEST_NAME).exists():
        best = read(out / BEST_NAME, only_weights=True)
        told(best.step, best.metrics, best.step == trainer.total_steps)
    try:
        trainer.run(ProgressOnly(setting.console))
    except ConfigError as error:  # only training can tell: it diverges, or needs too much memory
        setting.console.print(f"{out.name}: no result: {error}")
        return float("inf")
    return trainer.best


def checked(resume: Checkpoint, config: Config, out: Path) -> Config:
    """The config that a trial goes on with: the checkpoint's, which may be of another machine.

    Raises:
        CheckpointError: It is not this trial's.
    """
    others = differences(resume.config, config)
    others.pop("precision", None)  # resolved by the machine that started it
    if others:
        name, (found, expected) = next(iter(others.items()))
        raise CheckpointError(
            f"{out} holds a run with {name} {found} and this trial has {expected}; delete the "
            "folder, or choose another --out"
        )
    return resume.config


class ProgressOnly(Console):
    """A console that shows a run's progress line and leaves out what else it prints."""

    def __init__(self, console: Console) -> None:
        super().__init__(file=console.file, highlight=False, soft_wrap=True, markup=False)

    def print(self, *objects: Any, **settings: Any) -> None:
        """Print what is no plain line."""
        if not any(isinstance(item, str) for item in objects):
            super().print(*objects, **settings)


@contextlib.contextmanager
def quiet_fabric() -> Iterator[None]:
    """Fabric does not say for every trial which precision it uses."""
    logger = logging.getLogger("lightning_fabric")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
