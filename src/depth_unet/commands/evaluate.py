"""``depth-unet evaluate``: figures and pictures of a checkpoint."""

import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from depth_unet.arguments import CompareArguments, EvaluateArguments, SplitChoice
from depth_unet.atomic import check_writable
from depth_unet.checkpoint import WEIGHTS, Checkpoint, resolve
from depth_unet.commands.device import choose_device
from depth_unet.config.model import NYU_FOCAL
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.mixture import splits_within
from depth_unet.data.source import Frame, Source
from depth_unet.data.splits import Splits, frames_of, has_split
from depth_unet.errors import ConfigError, DataError
from depth_unet.evaluate.guesses import guess_predictors
from depth_unet.evaluate.score import Predictor, score
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.protocols import FULL, NYU_EIGEN, EvalProtocol, protocol
from depth_unet.predict import DepthModel
from depth_unet.report.html import write_html
from depth_unet.report.pictures import write_pictures
from depth_unet.report.results import NETWORK, Results, count_rooms
from depth_unet.report.table import table
from depth_unet.report.write import RESULT_NAME, write_results

TABLE_WIDTH = 124


def run(arguments: EvaluateArguments) -> list[DataError]:
    """Score, print the table, write figures, pictures and the page that explains them.

    A frame that cannot be read ends it: a mean over fewer frames than the protocol's is another
    figure.
    """
    console = Console(highlight=False, soft_wrap=True, markup=False)
    path = resolve(arguments.checkpoint)
    out = arguments.out or usual_folder(path)
    if (out / RESULT_NAME).exists() and not arguments.overwrite:
        raise ConfigError(
            f"{out / RESULT_NAME} is already there; choose another --out, or use --overwrite"
        )
    check_writable(out)
    source = open_source(arguments.data)
    model = DepthModel.from_file(path).to(choose_device(arguments.device))
    splits = splits_within(source, Splits.from_dict(model.checkpoint.splits))
    parts = choose_splits(source, splits, arguments.split)
    rules = choose_protocol(source, parts, arguments)
    predictors = {NETWORK: model.predict_array, **guess_predictors(model.checkpoint.guesses)}
    scores = score_parts(predictors, source, parts, rules)
    results = collect(path, model.checkpoint, source, parts=parts, rules=rules, scores=scores)
    pictures = write_pictures(results, source, model.predict_array, out)
    report = write_html(results, pictures, out)
    write_results(results, out)  # last: its presence says that all is there
    console.width = max(console.width, TABLE_WIDTH)
    console.print(table(results))
    console.print(f"wrote {out}")
    console.print(f"report: {report}")
    return []


def usual_folder(path: Path) -> Path:
    """Where results go: beside the run, or, of weights that ship, into the working folder."""
    if path.parent == WEIGHTS:
        return Path(f"evaluation-{path.stem}")
    return path.parent / "evaluation"


def collect(
    path: Path,
    checkpoint: Checkpoint,
    source: Source,
    *,
    parts: Mapping[str, list[int]],
    rules: EvalProtocol,
    scores: Mapping[str, Mapping[str, MetricAccumulator]],
) -> Results:
    """The scores together with what they are scores of."""
    names = set(checkpoint.splits["train"])
    trained = [row for row in source.rows if row.rgb in names]
    trained_here = len(trained) == len(names)
    return Results(
        protocol=rules,
        checkpoint=path,
        config=checkpoint.config,
        step=checkpoint.step,
        origin=checkpoint.origin,
        num_weights=sum(weight.numel() for weight in checkpoint.weights.values()),
        data=source.root,
        dataset=source.info.name,
        train_frames=len(names),
        trained_here=trained_here,
        train_rooms=count_rooms(trained) if trained_here else None,
        num_rooms={
            name: count_rooms([source.rows[index] for index in indices])
            for name, indices in parts.items()
        },
        scores=scores,
    )


def score_parts(
    predictors: Mapping[str, Predictor],
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
            "this data set has neither seen nor unseen nor test frames of the checkpoint; "
            "score every frame with --split all"
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
