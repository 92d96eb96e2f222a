"""Train a new or resumed run to the end, and report before and after."""

from collections.abc import Callable
from pathlib import Path

from depth_unet.cli.program.console import make_console
from depth_unet.data.source import Source
from depth_unet.data.splits import find_frames
from depth_unet.errors import own_command
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.report.evaluation.results import RESULT_NAME
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
    console, had_ended = make_console(stderr=True), trainer.is_done
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
            f"resume with: {own_command('train', '--resume', trainer.out)}"
        ) from None
    close_processes(trainer.fabric)
    if trainer.fabric.is_global_zero:
        console.print(
            f"the run had already ended after step {trainer.step}; nothing was written"
            if had_ended
            else f"wrote {trainer.out / BEST_NAME} and {trainer.out / LAST_NAME}"
        )
        for source in trainer.source.sources:
            console.print(f"next: {_evaluate_command(trainer, source)}")


def _evaluate_command(trainer: Trainer, source: Source) -> str:
    """The command that evaluates a run on one of its data sets."""
    root, mixed = source.root, len(trainer.source.sources) > 1
    name = f"evaluation-{root.resolve().name}" if mixed else "evaluation"
    words: list[str | Path] = ["evaluate", trainer.out, "--data", root]
    splits = trainer.splits.for_source(source)
    if not any(find_frames(source.rows, splits, each) for each in ("seen", "unseen", "test")):
        words += ["--split", "all"]  # nothing was held out
    if mixed:
        words += ["--out", trainer.out / name]
    if (trainer.out / name / RESULT_NAME).exists():
        words.append("--overwrite")
    return own_command(*words)


def _describe(trainer: Trainer) -> str:
    config, splits = trainer.config, trainer.splits
    canvas = config.canvas
    return (
        f"{config.recipe}: {len(splits.train)} training frames, {len(splits.seen)} seen, "
        f"{len(splits.unseen)} unseen, {len(splits.test)} test; {trainer.total_steps} steps of "
        f"{config.batch_size} images at {canvas.width}x{canvas.height}, {config.precision}"
    )
