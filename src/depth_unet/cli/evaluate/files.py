"""``depth-unet evaluate --predictions``: depth files of another program instead of a checkpoint."""

import dataclasses
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from depth_unet.cli.arguments.scoring import EvaluateArguments
from depth_unet.cli.evaluate.scoring import (
    choose_protocol,
    choose_splits,
    count_rooms_by_split,
    score_parts,
)
from depth_unet.data.info import METRES_PER_UNIT
from depth_unet.data.source import Source
from depth_unet.data.splits import Splits
from depth_unet.errors import ConfigError, DataError
from depth_unet.evaluate.guesses import fit_guesses, guess_predictors
from depth_unet.evaluate.matching import Matched, list_files, match_names, match_order
from depth_unet.evaluate.predictions import FilePredictions
from depth_unet.evaluate.score import AnyPredictor, PredictionsByName
from depth_unet.report.evaluation.results import NETWORK, FileResults

PER_LETTER = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
COUNT = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)([kMG]?)")
MOST_METRES = 1000  # per stored count


def check_options(arguments: EvaluateArguments) -> None:
    """Refuse options that contradict each other, before anything is read.

    Raises:
        ConfigError: Both checkpoint and files were named, or neither, or an option does not fit the
            named one.
    """
    if bool(arguments.checkpoint) == (arguments.predictions is not None):
        found = "both were named" if arguments.checkpoint else "neither was named"
        raise ConfigError(
            f"evaluate takes a checkpoint or --predictions DIR (depth files), and {found}; name one"
        )
    if arguments.predictions is None:
        if arguments.by != "name" or arguments.unit or arguments.parameters:
            raise ConfigError(
                "--by, --unit and --parameters only work with --predictions; leave them out"
            )
        return
    if arguments.flip:
        raise ConfigError(
            "--flip does not work with --predictions, because it needs the network; leave it out, "
            "and average before you write the files"
        )
    wrong = [name for name in arguments.split if name in ("seen", "unseen")]
    if wrong:
        raise ConfigError(
            f"--split {wrong[0]} needs a checkpoint; with --predictions choose test, train (all "
            "frames outside the test set) or all"
        )
    if arguments.by == "order" and len(set(arguments.split)) > 1:
        raise ConfigError("--by order works with a single --split; name one")


def score_files(
    source: Source, folder: Path, arguments: EvaluateArguments
) -> tuple[FileResults, PredictionsByName]:
    """Score depth files, and guesses fitted to the frames outside the test set."""
    unit, num_weights = parse_unit(arguments.unit), parse_count(arguments.parameters)
    train = [index for index, row in enumerate(source.rows) if row.official_split != "test"]
    splits = Splits(train=tuple(source.rows[index].rgb for index in train))
    parts = choose_splits(source, splits, arguments.split)
    names = {split: [source.rows[i].rgb for i in rows] for split, rows in parts.items()}
    matched = match(source, folder, names, arguments)
    check_not_truth(source, matched)
    files = FilePredictions(matched.files, unit)
    rules = dataclasses.replace(choose_protocol(source, parts, arguments), flip=False)
    predictors: dict[str, AnyPredictor] = {NETWORK: files}
    if train:
        predictors |= guess_predictors(fit_guesses(source, train))
    scores = score_parts(predictors, source, parts, rules, in_threads=True)
    results = FileResults(
        protocol=rules,
        name=arguments.name or folder.resolve().name,
        data=source.root,
        dataset=source.info.name,
        num_rooms=count_rooms_by_split(source, parts),
        scores=scores,
        folder=folder,
        kinds=Counter(path.suffix.lower() for path in matched.files.values()),
        unit=arguments.unit,
        order=arguments.by == "order",
        num_weights=num_weights,
        missing_shares={split: files.missing_share(photos) for split, photos in names.items()},
    )
    for text in results.describe_missing():
        warnings.warn(text, stacklevel=2)
    return results, files


def match(
    source: Source, folder: Path, names: Mapping[str, list[str]], arguments: EvaluateArguments
) -> Matched:
    """The depth file of every frame; warns of files that belong to no frame."""
    found = list_files(folder)
    wanted = list(dict.fromkeys(name for photos in names.values() for name in photos))
    if arguments.by == "order":
        return match_order(found, wanted)
    matched = match_names(found, wanted, [row.rgb for row in source.rows])
    if matched.extra:
        warnings.warn(
            f"ignored {len(matched.extra)} depth files that belong to no frame of {source.root}, "
            f"such as {matched.extra[0]}",
            stacklevel=2,
        )
    return matched


def check_not_truth(source: Source, matched: Matched) -> None:
    """Refuse the data set's own depth as a prediction.

    Raises:
        DataError: A file is the ground truth of its frame.
    """
    truth = {row.rgb: source.root / row.depth for row in source.rows}
    for name, path in matched.files.items():
        if truth[name].exists() and path.samefile(truth[name]):
            raise DataError(
                f"{path} is the ground truth of {name}, not a prediction; name the folder of the "
                "predictions"
            )


def parse_unit(text: str) -> float | None:
    """Metres per stored count; None for an empty text.

    Raises:
        ConfigError: The text is neither a known unit nor a number in (0, 1000].
    """
    if not text:
        return None
    try:
        metres = METRES_PER_UNIT[text] if text in METRES_PER_UNIT else float(text)
    except ValueError:
        metres = 0.0
    if not 0 < metres <= MOST_METRES:
        raise ConfigError(
            f"--unit is {text!r}; write {', '.join(METRES_PER_UNIT)}, or metres per stored count, "
            f"such as 0.001, up to {MOST_METRES}"
        )
    return metres


def parse_count(text: str) -> int | None:
    """A number of weights such as ``0.7M``; None for an empty text.

    Raises:
        ConfigError: The text is not a positive number.
    """
    if not text:
        return None
    found = COUNT.fullmatch(text)
    count = round(float(found[1]) * PER_LETTER[found[2]]) if found else 0
    if not count:
        raise ConfigError(f"--parameters is {text!r}; write a number such as 700000, 700k or 0.7M")
    return count
