"""``depth-unet evaluate``: figures and pictures of a checkpoint, or of depth that others wrote."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from depth_unet.cli.evaluate.files import check_options, score_files
from depth_unet.cli.evaluate.scoring import TABLE_WIDTH, choose_protocol, choose_splits, score_parts
from depth_unet.cli.scoring_arguments import EvaluateArguments
from depth_unet.cli.train.device import choose_device
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.source import Source
from depth_unet.data.splits import Splits
from depth_unet.errors import ConfigError, DataError
from depth_unet.evaluate.guesses import guess_predictors
from depth_unet.evaluate.score import ByName, Predictor
from depth_unet.files.atomic import check_writable
from depth_unet.metrics.accumulate import MetricAccumulator
from depth_unet.metrics.protocols import EvalProtocol
from depth_unet.model.checkpoint import WEIGHTS, Checkpoint, resolve, short_name
from depth_unet.predict.model import DepthModel
from depth_unet.report.evaluation.page import write_page
from depth_unet.report.evaluation.pictures import write_pictures
from depth_unet.report.evaluation.results import NETWORK, AnyResults, Results, count_rooms
from depth_unet.report.evaluation.table import table
from depth_unet.report.evaluation.write import RESULT_NAME, write_results


def run(arguments: EvaluateArguments) -> list[DataError]:
    """Score, print the table, write figures, pictures and the page that explains them.

    A frame that cannot be read ends it: a mean over fewer frames than the protocol's is another
    figure.
    """
    console = Console(highlight=False, soft_wrap=True, markup=False)
    check_options(arguments)
    path = arguments.predictions or resolve(arguments.checkpoint)
    out = arguments.out or (
        Path(f"evaluation-{path.resolve().name}") if arguments.predictions else usual_folder(path)
    )
    if (out / RESULT_NAME).exists() and not arguments.overwrite:
        raise ConfigError(
            f"{out / RESULT_NAME} is already there; choose another --out, or use --overwrite"
        )
    check_writable(out)
    source = open_source(arguments.data)
    results: AnyResults
    predict: Predictor | ByName
    if arguments.predictions is not None:
        results, predict = score_files(source, path, arguments)
    else:
        results, predict = score_checkpoint(path, source, arguments)
    pictures = write_pictures(results, source, predict, out)
    report = write_page(results, pictures, out)
    write_results(results, out)  # last: its presence says that all is there
    console.width = max(console.width, TABLE_WIDTH + len(results.label(NETWORK)))
    console.print(table(results))
    console.print(f"wrote {out}")
    console.print(f"report: {report}")
    return []


def usual_folder(path: Path) -> Path:
    """Where results go: beside the run, or, of weights that ship, into the working folder."""
    if path.parent == WEIGHTS:
        return Path(f"evaluation-{path.stem}")
    return path.parent / "evaluation"


def score_checkpoint(
    path: Path, source: Source, arguments: EvaluateArguments
) -> tuple[Results, Predictor]:
    """Score a network and the guesses that were fitted to its training frames."""
    model = DepthModel.from_file(path).to(choose_device(arguments.device))
    splits = Splits.from_dict(model.checkpoint.splits).for_source(source)
    parts = choose_splits(source, splits, arguments.split)
    rules = choose_protocol(source, parts, arguments)
    predictors = {NETWORK: model.predict_array, **guess_predictors(model.checkpoint.guesses)}
    scores = score_parts(predictors, source, parts, rules)
    name = arguments.name or short_name(path)
    results = collect(
        path, model.checkpoint, source, name=name, parts=parts, rules=rules, scores=scores
    )
    return results, model.predict_array


def collect(
    path: Path,
    checkpoint: Checkpoint,
    source: Source,
    *,
    name: str,
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
        name=name,
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
            split: count_rooms([source.rows[index] for index in indices])
            for split, indices in parts.items()
        },
        scores=scores,
    )
