"""``depth-unet train --resume RUN``: go on where a run stopped."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from depth_unet.cli.arguments import ResumeArguments
from depth_unet.cli.train.device import choose_device
from depth_unet.cli.train.follow import follow
from depth_unet.config.choices import DeviceChoice
from depth_unet.config.run import Config
from depth_unet.config.values import differences
from depth_unet.data.run_data import open_run_data
from depth_unet.data.splits import Splits
from depth_unet.errors import CheckpointError, ConfigError, DataError
from depth_unet.model.checkpoint import LAST_NAME, Checkpoint, read, run_file
from depth_unet.train.devices import make_fabric, resolve_precision
from depth_unet.train.loop import Trainer

MOST_CHANGES = 6
OF_THE_MACHINE = {
    "memory",
    "micro_batch_size",
    "compute.checkpointing",
    "compute.workers",
    "tracker",
}  # results agree whatever they are
OF_THE_PLAN = OF_THE_MACHINE - {"compute.workers", "tracker"}


def run(arguments: ResumeArguments) -> list[DataError]:
    """Rebuild the run from its last checkpoint and train to the end."""
    go_on(arguments.resume, arguments.config, arguments.data, arguments.device)
    return []


def go_on(
    run: Path, wanted: Config, data: Sequence[str], device: DeviceChoice, *, fold: str = ""
) -> None:
    """Train a run to its end.

    Args:
        run: The run folder, or its checkpoint.
        wanted: The settings that the user asks for.
        data: The data sets; empty: where the run found them.
        device: Where to train.
        fold: ``FILE:FOLD``, which must be the run's; empty: not checked.

    Raises:
        CheckpointError: There is no run.
        ConfigError: The settings, data sets or fold are not those of the run.
        DataError: A frame that was trained or validated on is missing.
    """
    path, chosen = run_file(run), choose_device(device)
    checkpoint = read(path)
    if "data" not in checkpoint.extra:
        raise CheckpointError(
            f"{path} holds weights to predict with, not a run; name a run folder with {LAST_NAME}"
        )
    if wanted.precision == "auto":
        wanted = replace(wanted, precision=checkpoint.config.precision)
    checkpoint = with_machine(checkpoint, resolve_precision(wanted, chosen), path)
    source, splits = open_run_data(
        data,
        checkpoint.config,
        fold=fold,
        saved_texts=checkpoint.extra["data"],
        saved_splits=Splits.from_dict(checkpoint.splits),
    )
    fabric = make_fabric(checkpoint.config, chosen)
    fabric.launch()
    trainer = Trainer(
        checkpoint.config,
        source,
        splits,
        path.parent,
        fabric=fabric,
        resume=checkpoint,
    )
    follow(trainer)


def with_machine(checkpoint: Checkpoint, wanted: Config, path: Path) -> Checkpoint:
    """The checkpoint with the wanted settings of the machine; a new plan is made where they differ.

    Raises:
        ConfigError: Another setting differs.
    """
    found = differences(checkpoint.config, wanted)
    changed = [
        f"{name} {theirs!r} there, {ours!r} asked for"
        for name, (theirs, ours) in found.items()
        if name not in OF_THE_MACHINE
    ]
    if changed:
        raise ConfigError(
            f"{path} is a run with other settings ({_listed(changed)}); go on without changes: "
            f"depth-unet train --resume {path.parent}, or begin another run with --init {path}"
        )
    if not found:
        return checkpoint
    if "micro_batch_size" in found and "memory" not in found:
        wanted = replace(wanted, memory="")
    extra = dict(checkpoint.extra)
    if OF_THE_PLAN & found.keys():
        extra.pop("share", None)
    return replace(checkpoint, config=wanted, extra=extra)


def _listed(changes: list[str]) -> str:
    more = len(changes) - MOST_CHANGES
    return "; ".join(changes[:MOST_CHANGES]) + (f"; and {more} more" if more > 0 else "")
