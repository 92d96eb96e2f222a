"""Train a new or resumed run to the end, and report before and after."""

import shlex
from collections.abc import Callable

from depth_unet.cli.program.console import make_console
from depth_unet.model.checkpoint import BEST_NAME, LAST_NAME
from depth_unet.train.devices import close_processes
from depth_unet.train.interrupt import Interrupted
from depth_unet.train.loop import Trainer


def run_to_end(trainer: Trainer, before_writing: Callable[[], None] = lambda: None) -> None:
    """Train to the end.

    Args:
        trainer: A new run, or a resumed one.
        before_writing: Called in the main process after all checks, before the first file.

    Raises:
        KeyboardInterrupt: The run was interrupted and saved; the message says how to resume it.
    """
    console = make_console(stderr=True)
    if trainer.fabric.is_global_zero:
        console.print(_describe(trainer))
        if trainer.initialised:
            console.print(f"init: {trainer.initialised}")
        if trainer.origin and trainer.step == 0:
            console.print(f"weights: {trainer.origin}")
    trainer.prepare(console)
    if trainer.fabric.is_global_zero:
        before_writing()
    trainer.fabric.barrier()
    try:
        trainer.run(console)
    except Interrupted:
        close_processes(trainer.fabric)
        raise KeyboardInterrupt(
            f"saved after step {trainer.step} of {trainer.total_steps}; "
            f"resume with: depth-unet train --resume {trainer.out}"
        ) from None
    close_processes(trainer.fabric)
    if trainer.fabric.is_global_zero:
        console.print(f"wrote {trainer.out / BEST_NAME} and {trainer.out / LAST_NAME}")
        for part in trainer.source.parts:
            root = part.source.root
            command = ["evaluate", str(trainer.out), "--data", str(root)]
            if len(trainer.source.parts) > 1:
                command += ["--out", str(trainer.out / f"evaluation-{root.name}")]
            console.print(f"next: depth-unet {shlex.join(command)}")


def _describe(trainer: Trainer) -> str:
    config, splits = trainer.config, trainer.splits
    canvas = config.canvas
    return (
        f"{config.recipe}: {len(splits.train)} training frames, {len(splits.seen)} seen, "
        f"{len(splits.unseen)} unseen, {len(splits.test)} test; {trainer.total_steps} steps of "
        f"{config.batch_size} images at {canvas.width}x{canvas.height}, {config.precision}"
    )
