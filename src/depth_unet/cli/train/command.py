"""``depth-unet train RECIPE``: a new run."""

import warnings
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import torch

from depth_unet.cli.arguments.recipe import TrainArguments
from depth_unet.cli.train.job import run_to_end
from depth_unet.cli.train.resume import resume_run
from depth_unet.config.run import Config
from depth_unet.data.run_data import open_run_data
from depth_unet.data.splits import Splits
from depth_unet.errors import DataError
from depth_unet.files.hub import name_in_cache
from depth_unet.model.checkpoint import Checkpoint, read, resolve
from depth_unet.model.device import choose_device
from depth_unet.model.shipped import LAST_NAME, words_for
from depth_unet.train.devices import make_fabric, resolve_precision
from depth_unet.train.folder import check_run_folder, clear_run_folder, own_run_folder
from depth_unet.train.loop import Trainer

# Fields without effect on what the weights mean.
WITHOUT_EFFECT = {"pretrained", "spread_scale", "correlation", "num_classes"}


def run(arguments: TrainArguments) -> list[DataError]:
    """Train a network that predicts depth; with ``--auto-resume``, resume a run that exists."""
    device = choose_device(arguments.device)
    config = resolve_precision(arguments.settings, device)
    out = arguments.out or Path("runs") / config.recipe
    with own_run_folder(out):
        if arguments.auto_resume and (out / LAST_NAME).exists():
            resume_run(out, config, arguments.data, arguments.device, fold=arguments.fold)
        else:
            start_run(arguments, config, out, device)
    return []


def start_run(arguments: TrainArguments, config: Config, out: Path, device: torch.device) -> None:
    """Train a new run in ``out``, which this process owns."""
    check_run_folder(out, overwrite=arguments.overwrite)
    source, splits = open_run_data(arguments.data, config, fold=arguments.fold)
    init = None if arguments.init is None else read_init(arguments.init, config, splits)
    fabric = make_fabric(config, device)
    fabric.launch()
    trainer = Trainer(config, source, splits, out, fabric=fabric, init=init)
    run_to_end(trainer, partial(clear_run_folder, out))


def read_init(name: str, config: Config, splits: Splits) -> Checkpoint:
    """Read the weights that a run starts with, and describe them in ``origin``.

    Warns if they were trained on held-out or test frames of this run, and if they come from a
    network with other settings.

    Raises:
        CheckpointError: They cannot be read.
    """
    path = resolve(name)
    checkpoint = read(path, only_weights=True)
    known = {frame for part in ("train", "seen") for frame in checkpoint.splits.get(part, [])}
    leaked = {name for name in (*splits.unseen, *splits.test) if shares_photo(name, known)}
    if leaked:
        warnings.warn(
            f"{path} was trained on frames with the names of {len(leaked)} unseen or test frames "
            "of this run; if they are the same photos, its results will look too good: start with "
            "weights of the same split",
            stacklevel=2,
        )
    others = [
        f"{item.name} {getattr(checkpoint.config.model, item.name)}"
        for item in fields(config.model)
        if item.name not in WITHOUT_EFFECT
        and getattr(checkpoint.config.model, item.name) != getattr(config.model, item.name)
    ]
    if others:
        warnings.warn(
            f"{path} holds a network with {', '.join(others)}: weights of the same shape may mean "
            "something else here; give the same --model settings",
            stacklevel=2,
        )
    # Published files must not name this machine's folders.
    is_cached = name_in_cache(path)[0]
    name = words_for(path) if is_cached else f"{path.parent.name}/{path.name}"
    origin = f"{name} ({checkpoint.config.recipe}, {checkpoint.step} steps)"
    return replace(checkpoint, origin=origin)


def shares_photo(name: str, known: set[str]) -> bool:
    """Whether ``known`` has the frame, with or without its data set's name in front."""
    return (
        name in known
        or name.partition("/")[2] in known
        or any(other.partition("/")[2] == name for other in known)
    )
