"""Shared by ``evaluate`` and ``compare``: splits, protocol, progress bar, existing results."""

import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from rich.progress import Progress

from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.cli.arguments.scoring import CompareArguments, EvaluateArguments
from depth_unet.cli.program.console import make_console
from depth_unet.config.choices import SplitChoice
from depth_unet.data.source import Frame, Source
from depth_unet.data.splits import Splits, find_frames, frames_of
from depth_unet.errors import ConfigError, DataError
from depth_unet.evaluate.score import AnyPredictor, score
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.protocols import FULL, NYU_EIGEN, EvalProtocol, protocol
from depth_unet.report.evaluation.results import count_rooms

TABLE_WIDTH = 152


def check_free(path: Path, *, overwrite: bool) -> None:
    """Refuse to replace a result.

    Raises:
        ConfigError: The file exists and may not be overwritten.
    """
    if path.exists() and not overwrite:
        raise ConfigError(f"{path} already exists; choose another --out, or use --overwrite")


def score_parts(
    predictors: Mapping[str, AnyPredictor],
    source: Source,
    parts: Mapping[str, list[int]],
    rules: EvalProtocol,
    *,
    in_threads: bool,
) -> dict[str, dict[str, MetricAccumulator]]:
    """Score one split after another, each with its own progress bar.

    Several bars at once would repeat in a notebook, which cannot move the cursor up.

    Raises:
        DataError: A frame cannot be read; a mean over fewer frames would be another result.
    """
    scores = {}
    for name, indices in parts.items():
        with Progress(console=make_console(stderr=True), transient=True) as progress:
            task = progress.add_task(name, total=len(indices))
            step = partial(progress.advance, task)
            scores[name] = score(predictors, source, indices, rules, step, in_threads=in_threads)
    return scores


def count_rooms_by_split(source: Source, parts: Mapping[str, list[int]]) -> dict[str, int | None]:
    """Number of rooms in every split; None where rooms have no names."""
    return {
        split: count_rooms([source.rows[index] for index in indices])
        for split, indices in parts.items()
    }


def choose_splits(
    source: Source, splits: Splits, wanted: tuple[SplitChoice, ...]
) -> dict[str, list[int]]:
    """Rows of every split to score.

    Raises:
        DataError: A requested split does not exist in this data set, or no split does.
    """
    if wanted:
        return {name: frames_of(source.rows, splits, name) for name in dict.fromkeys(wanted)}
    names: tuple[SplitChoice, ...] = ("seen", "unseen", "test")
    found = {name: find_frames(source.rows, splits, name) for name in names}
    parts: dict[str, list[int]] = {name: indices for name, indices in found.items() if indices}
    if not parts:
        raise DataError(
            "this data set has no official test frames, and none that the checkpoint lists as seen "
            "or unseen; score every frame with --split all"
        )
    return parts


def choose_protocol(
    source: Source,
    parts: Mapping[str, list[int]],
    arguments: EvaluateArguments | CompareArguments,
) -> EvalProtocol:
    """The requested protocol; by default nyu-eigen if every split is native NYU, else full."""
    if arguments.protocol:
        rules = protocol(arguments.protocol)
    else:
        firsts = [source.read(indices[0]) for indices in parts.values()]
        rules = NYU_EIGEN if all(is_nyu(frame) for frame in firsts) else FULL
    if rules.native_size is None:
        rules = rules.with_range(source.info.max_depth_m)
    return dataclasses.replace(rules, flip=rules.flip or arguments.flip, alignment=arguments.align)


def is_nyu(frame: Frame) -> bool:
    """Whether a frame has the size and the camera of NYU's native frames."""
    focal = frame.intrinsics.fx_px / frame.intrinsics.width
    return frame.depth_mm.shape == NYU_EIGEN.native_size and abs(focal - NYU_FOCAL) < 1e-3
