"""``depth-unet train RECIPE``: a new run."""

import shutil
import warnings
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

from depth_unet.cli.arguments import TrainArguments
from depth_unet.cli.train.classes import check_classes
from depth_unet.cli.train.device import choose_device
from depth_unet.cli.train.follow import follow
from depth_unet.cli.train.resume import go_on
from depth_unet.config.run import Config
from depth_unet.data.cache import CacheSource
from depth_unet.data.folds import rooms_of_fold
from depth_unet.data.mixture import MixedSource, open_data, single_sources, split_source
from depth_unet.data.source import PairsSource, Source, check_source
from depth_unet.data.splits import Splits
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.atomic import check_writable, make_folder
from depth_unet.model.checkpoint import BEST_NAME, LAST_NAME, Checkpoint, read, resolve
from depth_unet.train.devices import make_fabric, settled
from depth_unet.train.loop import Trainer
from depth_unet.train.reporter import EVENTS_NAME

WITHOUT_MEANING = {
    "pretrained",
    "spread_scale",
    "num_classes",
}  # settings that change nothing of the weights


def run(arguments: TrainArguments) -> list[DataError]:
    """Train a network that predicts depth."""
    begin(arguments, arguments.out or Path("runs") / arguments.config.recipe)
    return []


def begin(arguments: TrainArguments, out: Path) -> None:
    """Split the data set by rooms and train, or go on where that is asked for."""
    device = choose_device(arguments.device)
    config = settled(arguments.config, device)
    apart = rooms_apart(arguments.fold)
    if arguments.auto_resume and (out / LAST_NAME).exists():
        check_fold(out, apart, arguments.data)
        go_on(out, config, arguments.data, arguments.device)
        return
    source = open_data(arguments.data)
    check_classes(source, config)
    for part in single_sources(source):
        warn_about_size(part, config)
    warn_about_range(source, config)
    splits = split_source(
        source,
        fraction=config.fraction,
        holdout=config.holdout,
        seed=config.seed,
        apart=apart,
    )
    init = None if arguments.init is None else read_init(arguments.init, config, splits)
    fabric = make_fabric(config, device)
    fabric.launch()
    check_free(out, overwrite=arguments.overwrite)
    check_frames(source, splits)
    trainer = Trainer(config, source, splits, out, fabric=fabric, init=init)
    follow(trainer, partial(claim, out))


def rooms_apart(text: str) -> frozenset[str]:
    """The rooms that ``FILE:FOLD`` names; none where nothing is given.

    Raises:
        ConfigError: It is of another form.
        DataError: The file cannot be used.
    """
    if not text:
        return frozenset()
    path, colon, fold = text.rpartition(":")
    if not (path and colon and fold):
        raise ConfigError(f"--fold is {text!r}; give FILE:FOLD, such as folds/nyu_train.csv:0")
    return rooms_of_fold(Path(path), fold)


def check_fold(out: Path, apart: frozenset[str], data: Sequence[str]) -> None:
    """Refuse to go on with a run that keeps other rooms apart than a fold that was named.

    Raises:
        ConfigError: It does.
    """
    if not apart:
        return
    names = set(read(out / LAST_NAME, only_config=True).splits["unseen"])
    rooms = {row.room_group.rpartition("/")[2] for row in open_data(data).rows if row.rgb in names}
    if not apart <= rooms:
        raise ConfigError(
            f"{out} is a run that keeps other rooms apart than --fold; leave --fold out to go on "
            "with it, or choose another --out"
        )


def read_init(name: str, config: Config, splits: Splits) -> Checkpoint:
    """Read the weights that a run begins with; ``origin`` says what they are.

    Warns where they were trained on frames that this run will be judged by, and where they mean
    something else in this network.

    Raises:
        CheckpointError: They cannot be read.
    """
    path = resolve(name)
    checkpoint = read(path, only_weights=True)
    known = {frame for part in ("train", "seen") for frame in checkpoint.splits.get(part, [])}
    judges = {name for name in (*splits.unseen, *splits.test) if shares_photo(name, known)}
    if judges:
        warnings.warn(
            f"{path} was trained on frames with the names of {len(judges)} unseen or test frames "
            "of this run; if they are the same photos, its results will look too good: begin with "
            "weights of the same split",
            stacklevel=2,
        )
    others = [
        f"{item.name} {getattr(checkpoint.config.model, item.name)}"
        for item in fields(config.model)
        if item.name not in WITHOUT_MEANING
        and getattr(checkpoint.config.model, item.name) != getattr(config.model, item.name)
    ]
    if others:
        warnings.warn(
            f"{path} is of a network with {', '.join(others)}: weights that fit in shape may mean "
            "something else here; give the same --model settings",
            stacklevel=2,
        )
    name = f"{path.parent.name}/{path.name}"  # no path of this machine in files that are given away
    origin = f"{name} ({checkpoint.config.recipe}, {checkpoint.step} steps)"
    return replace(checkpoint, origin=origin)


def shares_photo(name: str, known: set[str]) -> bool:
    """Whether a frame is among others, where either side may be named after its data set."""
    return (
        name in known
        or name.partition("/")[2] in known
        or any(other.partition("/")[2] == name for other in known)
    )


def check_frames(source: Source, splits: Splits) -> None:
    """Check the headers of the files that are trained or validated on.

    Raises:
        DataError: A file is not what it should be.
    """
    names = {*splits.train, *splits.seen, *splits.unseen}
    used = [index for index, row in enumerate(source.rows) if row.rgb in names]
    parts = source.parts if isinstance(source, MixedSource) else ()
    for part in parts:
        if isinstance(part.source, PairsSource):
            stop = part.start + len(part.source.rows)
            mine = [index - part.start for index in used if part.start <= index < stop]
            check_source(part.source, mine)
    if isinstance(source, PairsSource):
        check_source(source, used)


def warn_about_size(source: Source, config: Config) -> None:
    """Warn where a cache is smaller than what the recipe reads."""
    height, width = config.source_size()
    if not isinstance(source, CacheSource):
        return
    if source.manifest.width < width or source.manifest.height < height:
        warnings.warn(
            f"the cache holds {source.manifest.width}x{source.manifest.height} frames and the "
            f"recipe reads {width}x{height}: zoomed crops will be blurred; prepare with "
            f"--size {width}x{height} for sharp ones",
            stacklevel=2,
        )


def warn_about_range(source: Source, config: Config) -> None:
    """Warn where the data set goes beyond what the network can answer."""
    farthest_m, model_m = source.info.max_depth_m, config.model.max_depth_m
    if farthest_m > model_m:
        warnings.warn(
            f"the data set goes to {farthest_m:g} m and the network to {model_m:g} m: farther "
            f"depth cannot be learned; raise --model.max-depth-m to {farthest_m:g} (and "
            "--loss.ssim-terms.data-range-m with it), or lower max_depth_m in dataset.json",
            stacklevel=2,
        )


def check_free(out: Path, *, overwrite: bool) -> None:
    """Refuse a run folder that cannot be written, or that holds a run that must be kept.

    Raises:
        ConfigError: It holds a run and may not be overwritten.
        DataError: It cannot be made.
    """
    if not overwrite and any((out / name).exists() for name in (BEST_NAME, LAST_NAME)):
        raise ConfigError(
            f"{out} holds a run already; go on with `depth-unet train --resume {out}`, choose "
            "another --out, or replace it with --overwrite"
        )
    check_writable(out)


def claim(out: Path) -> None:
    """Make the run folder and remove an earlier run in it."""
    make_folder(out)
    for name in (BEST_NAME, LAST_NAME):
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / EVENTS_NAME, ignore_errors=True)
