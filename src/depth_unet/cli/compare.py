"""``depth-unet compare``: several runs scored on the same frames."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from depth_unet.cli.arguments.scoring import CompareArguments
from depth_unet.cli.evaluate.scoring import (
    TABLE_WIDTH,
    check_free,
    choose_protocol,
    count_rooms_by_split,
    score_parts,
)
from depth_unet.cli.program.console import make_console
from depth_unet.config.choices import ComparedChoice
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.shards import group_shards
from depth_unet.data.source import Source
from depth_unet.errors import ConfigError, DataError
from depth_unet.evaluate.score import PredictArray
from depth_unet.files.owner import own_folder
from depth_unet.model.checkpoint import resolve
from depth_unet.model.device import choose_device
from depth_unet.predict.model import DepthModel
from depth_unet.report.comparison.frames import FairFrames, fair_frames
from depth_unet.report.comparison.page import write_page
from depth_unet.report.comparison.pictures import write_curves, write_side_by_side
from depth_unet.report.comparison.results import RESULT_NAME, Comparison, write_results
from depth_unet.report.comparison.runs import Run, run_names
from depth_unet.report.comparison.text import describe_photos, judgements, missing_curves, table


def run(arguments: CompareArguments) -> list[DataError]:
    """Score all runs on the same frames, print the comparison and write it."""
    paths = [resolve(name) for name in check_run_names(arguments.runs)]
    with own_folder(arguments.out):
        compare(arguments, paths)
    return []


def compare(arguments: CompareArguments, paths: list[Path]) -> None:
    """Compare the checkpoints ``paths`` in an output folder that this process owns."""
    out = arguments.out
    check_free(out / RESULT_NAME, overwrite=arguments.overwrite)
    source = open_source(arguments.data)
    group_shards([source])
    device = choose_device(arguments.device)
    models = {
        name: DepthModel.from_file(path).to(device)
        for name, path in zip(run_names(paths), paths, strict=True)
    }
    runs = tuple(
        Run.from_checkpoint(name, path, model.checkpoint)
        for (name, model), path in zip(models.items(), paths, strict=True)
    )
    predictors = {name: model.predict_array for name, model in models.items()}
    first = next(iter(models.values()))
    comparison = score_runs(runs, predictors, source, arguments, first)
    pictures = write_side_by_side(comparison, source, predictors, out)
    curve_files = write_curves(comparison, out)
    report = write_page(comparison, curve_files, pictures, out)
    write_results(comparison, out)  # Last: its presence shows that everything was written.
    console = make_console()
    print_comparison(console, comparison)
    console.print(f"wrote {out}")
    console.print(f"report: {report}")


def score_runs(
    runs: tuple[Run, ...],
    predictors: Mapping[str, PredictArray],
    source: Source,
    arguments: CompareArguments,
    one: DepthModel,
) -> Comparison:
    """Score every run on the same frames of every split; ``one`` has the engine of all of them.

    Raises:
        DataError: A split has no frame that is fair to all runs, or a frame cannot be read.
    """
    wanted: tuple[ComparedChoice, ...] = arguments.split or ("unseen",)
    splits_of = {run.name: run.splits.for_source(source) for run in runs}
    fair: dict[str, FairFrames] = {
        name: fair_frames(source.rows, splits_of, name) for name in wanted
    }
    parts = {name: list(part.indices) for name, part in fair.items()}
    rules = choose_protocol(source, parts, arguments)
    on_cpu = one.device.type == "cpu"
    return Comparison(
        protocol=rules,
        data=source.root,
        dataset=source.info.name,
        runs=runs,
        engine=one.engine,
        frames=fair,
        num_rooms=count_rooms_by_split(source, parts),
        scores=score_parts(predictors, source, parts, rules, in_threads=on_cpu),
    )


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print the table, and for each split its frames and the judgements in sentences."""
    longest = max(len(run.name) for run in comparison.runs)
    console.width = max(console.width, TABLE_WIDTH + longest)
    console.print(table(comparison))
    for split in comparison.scores:
        for text in (describe_photos(comparison, split), *judgements(comparison, split)):
            console.print(f"{split}: {text}")
    missing = missing_curves(comparison)
    if missing:
        console.print(missing)


def check_run_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the runs.

    Raises:
        ConfigError: There are fewer than two.
    """
    if len(names) < 2:
        found = f"one run was named ({names[0]})" if names else "no run was named"
        raise ConfigError(
            f"{found}; name at least two: depth-unet compare RUN RUN... --data DIR "
            "(`depth-unet evaluate` scores a single run)"
        )
    return names
