"""One trial of a search: a training run."""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from depth_unet.cli.program.console import CommandConsole
from depth_unet.config.run import Config
from depth_unet.config.values import differences
from depth_unet.data.mixture import Mixture
from depth_unet.errors import CheckpointError, ConfigError
from depth_unet.model.checkpoint import Checkpoint, read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.search.run import OnScore
from depth_unet.train.devices import make_fabric, resolve_precision
from depth_unet.train.folder import clear_run_folder
from depth_unet.train.loop import Trainer


@dataclass(frozen=True, slots=True)
class Environment:
    """What all trials of this process share: data set, device, and where progress is shown."""

    source: Mixture
    device: torch.device
    console: Console


def run_trial(environment: Environment, config: Config, out: Path, on_score: OnScore) -> float:
    """Train one trial, from its last checkpoint if there is one.

    Args:
        environment: What all trials share.
        config: The trial's settings.
        out: Its run folder.
        on_score: Called after every validation; may raise to end the run.

    Returns:
        The lowest AbsRel on held-out rooms; infinite if training diverged or ran out of memory.

    Raises:
        CheckpointError: The folder holds a run with other settings.
    """
    source = environment.source
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # they were shown when the search started
        splits = source.split(fraction=config.fraction, holdout=config.holdout, seed=config.seed)
    config = resolve_precision(config, environment.device)
    resume = read(out / LAST_NAME) if (out / LAST_NAME).exists() else None
    interval = config.validation_interval(len(splits.train))
    # A pruned or killed trial can resume from its last validation.
    config = replace(config, checkpoint_every=min(config.checkpoint_every, interval))
    if resume is None:
        clear_run_folder(out)
    else:
        config = check_resume(resume, config, out)
    fabric = make_fabric(config, environment.device)
    fabric.launch()

    def on_validation(step: int, figures: Mapping[str, float]) -> None:
        on_score(step, figures, trainer.ended or step == trainer.total_steps)

    trainer = Trainer(
        config, source, splits, out, fabric=fabric, resume=resume, on_validation=on_validation
    )
    if resume is not None and (out / BEST_NAME).exists():
        best = read(out / BEST_NAME, only_weights=True)
        on_score(best.step, best.metrics, best.step == trainer.total_steps)
    try:
        trainer.run(ProgressOnly(environment.console))
    except ConfigError as error:  # it diverged, or ran out of memory
        environment.console.print(f"{out.name}: no result: {error}")
        return float("inf")
    return trainer.best


def check_resume(resume: Checkpoint, config: Config, out: Path) -> Config:
    """The checkpoint's config, which keeps the precision of the machine that started the trial.

    Raises:
        CheckpointError: The checkpoint has other settings than this trial.
    """
    others = differences(resume.config, config)
    others.pop("precision", None)  # chosen by the machine that started the trial
    if others:
        name, (found, expected) = next(iter(others.items()))
        raise CheckpointError(
            f"{out} holds a run with {name} {found}, but this trial has {expected}; delete the "
            "folder, or choose another --out"
        )
    return resume.config


class ProgressOnly(CommandConsole):
    """A console that shows a run's progress bar and drops its lines of text."""

    def __init__(self, console: Console) -> None:
        super().__init__(file=console.file, highlight=False, soft_wrap=True, markup=False)

    def print(self, *objects: Any, **settings: Any) -> None:
        """Print everything but text."""
        if not any(isinstance(item, str) for item in objects):
            super().print(*objects, **settings)


@contextlib.contextmanager
def quiet_fabric() -> Iterator[None]:
    """Silence Fabric's line on the precision, which it logs for every trial."""
    logger = logging.getLogger("lightning_fabric")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
