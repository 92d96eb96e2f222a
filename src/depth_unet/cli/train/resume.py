"""``depth-unet train --resume RUN``: continue a run from its last checkpoint."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from depth_unet.cli.arguments.recipe import ResumeArguments
from depth_unet.cli.train.job import run_to_end
from depth_unet.config.choices import DeviceChoice
from depth_unet.config.run import Config
from depth_unet.config.values import differences
from depth_unet.data.run_data import open_run_data
from depth_unet.data.splits import Splits
from depth_unet.errors import CheckpointError, ConfigError, DataError, own_command
from depth_unet.model.checkpoint import Checkpoint, read, run_file
from depth_unet.model.device import choose_device
from depth_unet.model.shipped import LAST_NAME
from depth_unet.train.devices import make_fabric, resolve_precision
from depth_unet.train.folder import own_run_folder
from depth_unet.train.loop import Trainer

MOST_CHANGES = 6
PLANNING = {"memory", "micro_batch_size", "compute.checkpointing"}  # a change needs a new plan
CHANGEABLE = PLANNING | {"compute.workers", "tracker"}  # without effect on the result


def run(arguments: ResumeArguments) -> list[DataError]:
    """Rebuild the run from its last checkpoint and train to the end."""
    run = run_file(arguments.resume).parent
    with own_run_folder(run):
        resume_run(arguments.resume, arguments.settings, arguments.data, arguments.device)
    return []


def resume_run(
    run: Path, wanted: Config, data: Sequence[str], device: DeviceChoice, *, fold: str = ""
) -> None:
    """Train a run to its end.

    Args:
        run: The run folder, or its checkpoint.
        wanted: The settings that the user asks for.
        data: The data sets, if they were moved; empty: as the run names them.
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
            f"{path} holds weights alone, which cannot be resumed; name a folder with {LAST_NAME}"
        )
    if wanted.precision == "auto":
        wanted = replace(wanted, precision=checkpoint.config.precision)
    checkpoint = change_settings(checkpoint, resolve_precision(wanted, chosen), path)
    config = checkpoint.config
    source, splits = open_run_data(
        data,
        config,
        fold=fold,
        saved_texts=checkpoint.extra["data"],
        saved_splits=Splits.from_dict(checkpoint.splits),
    )
    fabric = make_fabric(config, chosen)
    fabric.launch()
    run_to_end(Trainer(config, source, splits, path.parent, fabric=fabric, resume=checkpoint))


def change_settings(checkpoint: Checkpoint, wanted: Config, path: Path) -> Checkpoint:
    """The checkpoint with the wanted settings, without its plan if they need a new one.

    Raises:
        ConfigError: A setting differs that must not change during a run.
    """
    found = differences(checkpoint.config, wanted)
    fixed = [
        f"{name} is {theirs!r} in the run and {ours!r} here"
        for name, (theirs, ours) in found.items()
        if name not in CHANGEABLE
    ]
    if fixed:
        more = len(fixed) - MOST_CHANGES
        shown = "; ".join(fixed[:MOST_CHANGES]) + (f"; and {more} more" if more > 0 else "")
        raise ConfigError(
            f"{path} was trained with other settings ({shown}); resume it without changes: "
            f"{own_command('train', '--resume', path.parent)}, or start another run with --init "
            f"{shlex.quote(str(path))}"
        )
    if "micro_batch_size" in found and "memory" not in found:
        wanted = replace(wanted, memory="")
    extra = dict(checkpoint.extra)
    if PLANNING & found.keys():
        extra.pop("share", None)
    return replace(checkpoint, config=wanted, extra=extra)
