"""``depth-unet evaluate``: score a checkpoint, or depth files of another program."""

from pathlib import Path

from depth_unet.cli.arguments.scoring import EvaluateArguments
from depth_unet.cli.evaluate.files import check_options, score_files
from depth_unet.cli.evaluate.scoring import (
    TABLE_WIDTH,
    check_free,
    choose_protocol,
    choose_splits,
    count_rooms_by_split,
    score_parts,
)
from depth_unet.cli.program.console import make_console
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.shards import group_shards
from depth_unet.data.source import Source
from depth_unet.data.splits import Splits
from depth_unet.errors import DataError
from depth_unet.evaluate.guesses import guess_predictors
from depth_unet.evaluate.score import AnyPredictor, PredictArray
from depth_unet.files.checksum import unchanged
from depth_unet.files.hub import name_in_cache
from depth_unet.files.owner import own_folder
from depth_unet.model.checkpoint import resolve
from depth_unet.model.device import choose_device
from depth_unet.model.shipped import WEIGHTS, short_name
from depth_unet.predict.model import DepthModel
from depth_unet.report.evaluation.page import write_page
from depth_unet.report.evaluation.pictures import write_pictures
from depth_unet.report.evaluation.results import (
    NETWORK,
    RESULT_NAME,
    NetworkResults,
    Results,
    count_rooms,
    write_results,
)
from depth_unet.report.evaluation.table import table


def run(arguments: EvaluateArguments) -> list[DataError]:
    """Score, print the table, and write the figures, the pictures and the page."""
    check_options(arguments)
    path = arguments.predictions or resolve(arguments.checkpoint)
    out = arguments.out or default_folder(path, is_files=arguments.predictions is not None)
    with own_folder(out):
        evaluate(arguments, path, out)
    return []


def evaluate(arguments: EvaluateArguments, path: Path, out: Path) -> None:
    """Score the checkpoint or the depth files ``path`` into ``out``, which this process owns."""
    console = make_console()
    check_free(out / RESULT_NAME, overwrite=arguments.overwrite)
    source = open_source(arguments.data)
    group_shards([source])
    results: Results
    predict: AnyPredictor
    if arguments.predictions is not None:
        results, predict = score_files(source, path, arguments)
    else:
        results, predict = score_checkpoint(source, path, arguments)
    pictures = write_pictures(results, source, predict, out)
    report = write_page(results, pictures, out)
    write_results(results, out)  # Last: its presence shows that everything was written.
    console.width = max(console.width, TABLE_WIDTH + len(results.label(NETWORK)))
    console.print(table(results))
    console.print(f"wrote {out}")
    console.print(f"report: {report}")


def default_folder(path: Path, *, is_files: bool) -> Path:
    """Where results go without --out: beside the run, otherwise in the working folder."""
    if is_files:
        return Path(f"evaluation-{path.resolve().name}")
    if path.parent == WEIGHTS or name_in_cache(path)[0]:
        return Path(f"evaluation-{short_name(path).replace('/', '-')}")
    return path.parent / "evaluation"


def score_checkpoint(
    source: Source, path: Path, arguments: EvaluateArguments
) -> tuple[NetworkResults, PredictArray]:
    """Score a network, and the guesses fitted to its training frames."""
    with unchanged(path) as (sha256,):
        model = DepthModel.from_file(path).to(choose_device(arguments.device))
    checkpoint = model.checkpoint
    splits = Splits.from_dict(checkpoint.splits).for_source(source)
    parts = choose_splits(source, splits, arguments.split)
    rules = choose_protocol(source, parts, arguments)
    predictors = {NETWORK: model.predict_array, **guess_predictors(checkpoint.guesses)}
    on_cpu = model.device.type == "cpu"
    scores = score_parts(predictors, source, parts, rules, in_threads=on_cpu)
    names = set(checkpoint.splits["train"])
    trained = [row for row in source.rows if row.rgb in names]
    trained_here = len(trained) == len(names)
    results = NetworkResults(
        protocol=rules,
        name=arguments.name or short_name(path),
        checkpoint=path,
        sha256=sha256,
        engine=model.engine,
        config=checkpoint.config,
        step=checkpoint.step,
        origin=checkpoint.origin,
        num_weights=sum(weight.numel() for weight in checkpoint.weights.values()),
        data=source.root,
        dataset=source.info.name,
        train_frames=len(names),
        trained_here=trained_here,
        train_rooms=count_rooms(trained) if trained_here else None,
        num_rooms=count_rooms_by_split(source, parts),
        scores=scores,
    )
    return results, model.predict_array
