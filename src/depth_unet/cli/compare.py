"""``depth-unet compare``: several runs on the same frames, as one page."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from depth_unet.cli.evaluate.scoring import TABLE_WIDTH, choose_protocol, score_parts
from depth_unet.cli.scoring_arguments import CompareArguments
from depth_unet.cli.train.device import choose_device
from depth_unet.data.forms.recognise import open_source
from depth_unet.data.source import Source
from depth_unet.errors import ConfigError, DataError
from depth_unet.evaluate.score import Predictor
from depth_unet.files.atomic import check_writable
from depth_unet.model.checkpoint import resolve
from depth_unet.predict.model import DepthModel
from depth_unet.report.comparison.frames import ComparedSplit, FairFrames, fair_frames
from depth_unet.report.comparison.html import write_html
from depth_unet.report.comparison.pictures import write_curves, write_side_by_side
from depth_unet.report.comparison.results import Comparison
from depth_unet.report.comparison.runs import Run, as_run, names_of
from depth_unet.report.comparison.table import table
from depth_unet.report.comparison.words import frames, judged, recorded
from depth_unet.report.comparison.write import RESULT_NAME, write_results
from depth_unet.report.evaluation.results import count_rooms


def run(arguments: CompareArguments) -> list[DataError]:
    """Score all runs on the frames that are fair to them, and write what was found.

    A frame that cannot be read ends it: a mean over fewer frames than the protocol's is another
    figure.
    """
    console = Console(highlight=False, soft_wrap=True, markup=False)
    paths = [resolve(name) for name in check_enough(arguments.runs)]
    check_free(arguments.out, overwrite=arguments.overwrite)
    source = open_source(arguments.data)
    device = choose_device(arguments.device)
    models = {
        name: DepthModel.from_file(path).to(device)
        for name, path in zip(names_of(paths), paths, strict=True)
    }
    runs = tuple(
        as_run(name, path, model.checkpoint)
        for (name, model), path in zip(models.items(), paths, strict=True)
    )
    predictors = {name: model.predict_array for name, model in models.items()}
    comparison = score_runs(runs, predictors, source, arguments)
    pictures = write_side_by_side(comparison, source, predictors, arguments.out)
    curve_files = write_curves(comparison, arguments.out)
    report = write_html(comparison, curve_files, pictures, arguments.out)
    write_results(comparison, arguments.out)  # last: its presence says that all is there
    tell(console, comparison)
    console.print(f"wrote {arguments.out}")
    console.print(f"report: {report}")
    return []


def score_runs(
    runs: tuple[Run, ...],
    predictors: Mapping[str, Predictor],
    source: Source,
    arguments: CompareArguments,
) -> Comparison:
    """Score every run on the same frames of every part.

    Raises:
        DataError: A part has no frame that is fair to all, or a frame cannot be read.
    """
    wanted: tuple[ComparedSplit, ...] = arguments.split or ("unseen",)
    splits_of = {run.name: run.splits.for_source(source) for run in runs}
    fair: dict[str, FairFrames] = {
        name: fair_frames(source.rows, splits_of, name) for name in wanted
    }
    parts = {name: list(part.indices) for name, part in fair.items()}
    rules = choose_protocol(source, parts, arguments)
    return Comparison(
        protocol=rules,
        data=source.root,
        dataset=source.info.name,
        runs=runs,
        frames=fair,
        num_rooms={
            name: count_rooms([source.rows[index] for index in indices])
            for name, indices in parts.items()
        },
        scores=score_parts(predictors, source, parts, rules),
    )


def tell(console: Console, comparison: Comparison) -> None:
    """Print which frames were scored, the table, and what it says."""
    longest = max(len(run.name) for run in comparison.runs)
    console.width = max(console.width, TABLE_WIDTH + longest)
    console.print(table(comparison))
    for split in comparison.scores:
        for text in (frames(comparison, split), *judged(comparison, split)):
            console.print(f"{split}: {text}")
    silent = recorded(comparison)
    if silent:
        console.print(silent)


def check_enough(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the runs, at least two.

    Raises:
        ConfigError: There are fewer.
    """
    if len(names) < 2:
        found = f"one run was named ({names[0]})" if names else "no run was named"
        raise ConfigError(
            f"{found}; name at least two: depth-unet compare RUN RUN... --data DIR "
            "(`depth-unet evaluate` scores one)"
        )
    return names


def check_free(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that cannot be written, or that holds a comparison that must be kept.

    Raises:
        ConfigError: It holds a comparison and may not be overwritten.
        DataError: It cannot be made.
    """
    if (out / RESULT_NAME).exists() and not overwrite:
        raise ConfigError(
            f"{out / RESULT_NAME} is already there; choose another --out, or use --overwrite"
        )
    check_writable(out)
