"""``depth-unet train --resume RUN``: go on where a run stopped."""

from pathlib import Path

from depth_unet.arguments import ResumeArguments
from depth_unet.checkpoint import LAST_NAME, read
from depth_unet.commands.device import choose_device
from depth_unet.commands.train import follow
from depth_unet.data.cache import open_source
from depth_unet.data.source import Source
from depth_unet.data.splits import Splits
from depth_unet.errors import CheckpointError, DataError
from depth_unet.train.devices import make_fabric, settled
from depth_unet.train.loop import Trainer


def run(arguments: ResumeArguments) -> list[DataError]:
    """Rebuild the run from its last checkpoint and train to the end."""
    path = arguments.resume / LAST_NAME if arguments.resume.is_dir() else arguments.resume
    checkpoint = read(path)
    if "data" not in checkpoint.extra:
        raise CheckpointError(
            f"{path} holds weights to predict with, not a run; name a run folder with {LAST_NAME}"
        )
    data = arguments.data or Path(checkpoint.extra["data"])
    source, splits = open_source(data), Splits.from_dict(checkpoint.splits)
    check_same(source, splits, data)
    device = choose_device(arguments.device)
    fabric = make_fabric(settled(checkpoint.config, device), device)
    fabric.launch()
    trainer = Trainer(
        checkpoint.config,
        source,
        splits,
        path.parent,
        fabric=fabric,
        resume=checkpoint,
    )
    follow(trainer, data)
    return []


def check_same(source: Source, splits: Splits, data: Path) -> None:
    """Refuse a data set that lacks frames of the run.

    Raises:
        DataError: A frame that was trained or validated on is missing.
    """
    present = {row.rgb for row in source.rows}
    wanted = {*splits.train, *splits.seen, *splits.unseen}
    missing = sorted(wanted - present)
    if missing:
        raise DataError(
            f"{data} lacks {len(missing)} of the run's {len(wanted)} frames, such as {missing[0]}; "
            "name the data set that the run began with: --data DIR"
        )
