"""The data of a run: opened, checked against the settings, and split by rooms."""

import warnings
from collections.abc import Sequence

from depth_unet.config.run import Config
from depth_unet.data.mixture import Mixture, open_data, parse_data_argument
from depth_unet.data.splits import Splits, rooms_of_fold
from depth_unet.errors import ConfigError, DataError


def open_run_data(
    texts: Sequence[str],
    config: Config,
    *,
    fold: str = "",
    saved_texts: Sequence[str] = (),
    saved_splits: Splits | None = None,
) -> tuple[Mixture, Splits]:
    """Open the data of a new run and split it, or the data of a saved run with its saved splits.

    Args:
        texts: The data sets as ``--data`` names them; empty: those of the saved run.
        config: The run's settings.
        fold: ``FILE:FOLD`` whose rooms are held out; empty: ``config.holdout`` decides.
        saved_texts: The data sets of the run that is resumed.
        saved_splits: The splits of the run that is resumed; None for a new run.

    Returns:
        The data, and which of its frames are trained on, held out and tested on.

    Raises:
        ConfigError: The settings do not fit the data, or the saved run used other data sets or
            another fold.
        DataError: A file is damaged, or frames of the saved run are missing.
    """
    held_out = rooms_of_fold(fold)
    if saved_splits is not None:
        texts = texts or saved_texts
        _check_same_folders(texts, saved_texts)
    source = open_data(texts)
    if config.loss.semantics and not source.labelled:  # the term would silently be 0
        raise ConfigError(
            f"loss.semantics is {config.loss.semantics} and {source.root} has no classes; prepare "
            "it with --labels FOLDER, or leave out --loss.semantics and --model.num-classes"
        )
    if saved_splits is not None:
        _check_same_frames(source, saved_splits, held_out, " ".join(texts))
        return source, saved_splits
    _warn_about_size(source, config)
    _warn_about_range(source, config)
    splits = source.split(
        fraction=config.fraction, holdout=config.holdout, seed=config.seed, held_out=held_out
    )
    used = {*splits.train, *splits.seen, *splits.unseen}
    source.check(index for index, row in enumerate(source.rows) if row.rgb in used)
    return source, splits


def _check_same_folders(texts: Sequence[str], saved: Sequence[str]) -> None:
    """Refuse other folder names, another order or other weights than the saved run's."""
    if len(texts) == len(saved) == 1:
        return  # a single folder may have been renamed, and its weight means nothing
    wanted, found = (
        [(path.resolve().name, weight) for path, weight in map(parse_data_argument, part)]
        for part in (texts, saved)
    )
    if wanted != found:
        raise ConfigError(
            f"the run mixes {' '.join(saved)}, and --data names {' '.join(texts)}: name folders "
            "of the same names, in the same order, with the same weights"
        )


def _check_same_frames(
    source: Mixture, splits: Splits, held_out: frozenset[str], data: str
) -> None:
    """Refuse data without the frames of the saved run, and another fold than the run's."""
    wanted = {*splits.train, *splits.seen, *splits.unseen}
    missing = sorted(wanted - {row.rgb for row in source.rows})
    if missing:
        raise DataError(
            f"{data} lacks {len(missing)} of the run's {len(wanted)} frames, such as {missing[0]}; "
            "name the data set that the run was started with: --data DIR"
        )
    unseen = set(splits.unseen)
    rooms = {
        row.room_group
        for part in source.parts
        for row in part.source.rows
        if part.prefix + row.rgb in unseen
    }
    if not held_out <= rooms:
        raise ConfigError(
            "the run was trained with another fold than --fold; resume it without --fold, or "
            "choose another --out"
        )


def _warn_about_size(source: Mixture, config: Config) -> None:
    height, width = config.source_size()
    for stored in (each.stored_size for each in source.sources):
        if stored is not None and (stored[0] < height or stored[1] < width):
            warnings.warn(
                f"the cache holds {stored[1]}x{stored[0]} frames and the recipe reads "
                f"{width}x{height}: zoomed crops will be blurred; prepare with "
                f"--size {width}x{height} for sharp ones",
                stacklevel=3,
            )


def _warn_about_range(source: Mixture, config: Config) -> None:
    farthest_m, model_m = source.info.max_depth_m, config.model.max_depth_m
    if farthest_m > model_m:
        warnings.warn(
            f"the data set goes to {farthest_m:g} m and the network to {model_m:g} m: farther "
            f"depth cannot be learned; raise --model.max-depth-m to {farthest_m:g} (and "
            "--loss.ssim-terms.data-range-m with it), or lower max_depth_m in dataset.json",
            stacklevel=3,
        )
