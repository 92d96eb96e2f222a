"""What commands that score have in common: which parts, which protocol, a progress bar."""

import dataclasses
from collections.abc import Mapping
from functools import partial

from rich.console import Console
from rich.progress import Progress

from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.cli.scoring_arguments import CompareArguments, EvaluateArguments
from depth_unet.config.choices import SplitChoice
from depth_unet.data.source import Frame, Source
from depth_unet.data.splits import Splits, frames_of, has_split
from depth_unet.errors import DataError
from depth_unet.evaluate.score import ByName, Predictor, score
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.protocols import FULL, NYU_EIGEN, EvalProtocol, protocol

TABLE_WIDTH = 124


def score_parts(
    predictors: Mapping[str, Predictor | ByName],
    source: Source,
    parts: Mapping[str, list[int]],
    rules: EvalProtocol,
) -> dict[str, dict[str, MetricAccumulator]]:
    """Score every part, with a progress bar each."""
    scores = {}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for name, indices in parts.items():
            task = progress.add_task(name, total=len(indices))
            step = partial(progress.advance, task)
            scores[name] = score(predictors, source, indices, rules, step)
    return scores


def choose_splits(
    source: Source, splits: Splits, wanted: tuple[SplitChoice, ...]
) -> dict[str, list[int]]:
    """Rows of every part to score.

    Raises:
        DataError: A part that was asked for does not exist here, or none does.
    """
    if wanted:
        return {name: frames_of(source.rows, splits, name) for name in dict.fromkeys(wanted)}
    names: tuple[SplitChoice, ...] = ("seen", "unseen", "test")
    parts: dict[str, list[int]] = {
        name: frames_of(source.rows, splits, name)
        for name in names
        if has_split(source.rows, splits, name)
    }
    if not parts:
        raise DataError(
            "this data set has neither official test frames nor seen or unseen ones of a "
            "checkpoint; score every frame with --split all"
        )
    return parts


def choose_protocol(
    source: Source,
    parts: Mapping[str, list[int]],
    arguments: EvaluateArguments | CompareArguments,
) -> EvalProtocol:
    """The protocol that was asked for; else nyu-eigen where all ground truth is native NYU."""
    if arguments.protocol:
        rules = protocol(arguments.protocol)
    else:
        firsts = [source.read(indices[0]) for indices in parts.values()]
        rules = NYU_EIGEN if all(is_nyu(frame) for frame in firsts) else FULL
    if rules.native_size is None:
        rules = rules.with_range(source.info.max_depth_m)
    return dataclasses.replace(rules, flip=rules.flip or arguments.flip, alignment=arguments.align)


def is_nyu(frame: Frame) -> bool:
    """Whether a frame has the size and the camera of NYU's native ones."""
    focal = frame.intrinsics.fx_px / frame.intrinsics.width
    return frame.depth_mm.shape == NYU_EIGEN.native_size and abs(focal - NYU_FOCAL) < 1e-3
