"""Run a trainer to its end, with a word before and after."""

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from depth_unet.config.run import Config
from depth_unet.data.mixture import Mixture
from depth_unet.data.splits import Splits
from depth_unet.model.checkpoint import BEST_NAME, LAST_NAME
from depth_unet.train.devices import close_processes
from depth_unet.train.interrupt import Interrupted
from depth_unet.train.loop import Trainer


def follow(trainer: Trainer, begin: Callable[[], None] = lambda: None) -> None:
    """Run a trainer to its end, with a word before and after.

    Args:
        trainer: A new run, or one that goes on.
        begin: Called in one process, when nothing can be refused any more.

    Raises:
        KeyboardInterrupt: The run was interrupted and saved; the message says how to go on.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    if trainer.fabric.is_global_zero:
        console.print(describe(trainer.config, trainer.splits, trainer.total_steps))
        if trainer.initialised:
            console.print(f"init: {trainer.initialised}")
        if trainer.origin and trainer.step == 0:
            console.print(f"weights: {trainer.origin}")
    trainer.prepare(console)
    if trainer.fabric.is_global_zero:
        begin()
    trainer.fabric.barrier()
    try:
        trainer.run(console)
    except Interrupted:
        close_processes(trainer.fabric)
        raise KeyboardInterrupt(
            f"saved after step {trainer.step} of {trainer.total_steps}; "
            f"go on with: depth-unet train --resume {trainer.out}"
        ) from None
    close_processes(trainer.fabric)
    if trainer.fabric.is_global_zero:
        console.print(f"wrote {trainer.out / BEST_NAME} and {trainer.out / LAST_NAME}")
        for words in what_next(trainer.source, trainer.out):
            console.print(f"next: depth-unet {shlex.join(words)}")


def what_next(source: Mixture, out: Path) -> Iterator[list[str]]:
    """Commands that evaluate the run, one per data set."""
    for part in source.parts:
        root = part.source.root
        words = ["evaluate", str(out), "--data", str(root)]
        if len(source.parts) > 1:
            words += ["--out", str(out / f"evaluation-{root.name}")]
        yield words


def describe(config: Config, splits: Splits, total_steps: int) -> str:
    """One line on what is about to run."""
    canvas = config.canvas
    return (
        f"{config.recipe}: {len(splits.train)} training frames, {len(splits.seen)} seen, "
        f"{len(splits.unseen)} unseen, {len(splits.test)} test; {total_steps} steps of "
        f"{config.batch_size} images at {canvas.width}x{canvas.height}, {config.precision}"
    )
