"""Depth files of another program in place of a checkpoint, for ``depth-unet evaluate``."""

import dataclasses
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from depth_unet.cli.evaluate.scoring import choose_protocol, choose_splits, score_parts
from depth_unet.cli.scoring_arguments import EvaluateArguments
from depth_unet.data.layout import METRES_PER_UNIT
from depth_unet.data.source import Source
from depth_unet.data.splits import Splits
from depth_unet.errors import ConfigError, DataError
from depth_unet.evaluate.guesses import fit_guesses, guess_predictors
from depth_unet.evaluate.matching import Matched, list_files, match_names, match_order
from depth_unet.evaluate.predictions import FilePredictions
from depth_unet.evaluate.score import ByName, Predictor
from depth_unet.report.evaluation.results import NETWORK, FileResults, count_rooms

PER_LETTER = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
AMOUNT = re.compile(r"(\d+(?:\.\d+)?)([kMG]?)")


def check_options(arguments: EvaluateArguments) -> None:
    """Refuse options that do not go together, before anything is read.

    Raises:
        ConfigError: Not exactly one of checkpoint and files was named, or an option is for the
            other one.
    """
    if bool(arguments.checkpoint) == (arguments.predictions is not None):
        found = "both were named" if arguments.checkpoint else "neither was named"
        raise ConfigError(
            "evaluate takes either a checkpoint or --predictions DIR (depth files), and "
            f"{found}; name one"
        )
    if arguments.predictions is None:
        if arguments.by != "name" or arguments.unit or arguments.parameters:
            raise ConfigError("--by, --unit and --parameters are for --predictions; leave them out")
        return
    if arguments.flip:
        raise ConfigError(
            "--flip needs a network that can look at the mirror image; average before you write "
            "the files, and leave out --flip"
        )
    wrong = [name for name in arguments.split if name in ("seen", "unseen")]
    if wrong:
        raise ConfigError(
            f"--split {wrong[0]} is a part of a checkpoint's data, and files have none; choose "
            "test, train (all that are no test frames) or all"
        )
    if arguments.by == "order" and len(set(arguments.split)) > 1:
        raise ConfigError("--by order pairs files with one --split; name one")


def score_files(
    source: Source, folder: Path, arguments: EvaluateArguments
) -> tuple[FileResults, ByName]:
    """Score depth files, and guesses fitted to the frames that are no test frames."""
    unit, num_weights = as_unit(arguments.unit), as_amount(arguments.parameters)
    train = [index for index, row in enumerate(source.rows) if row.official_split != "test"]
    splits = Splits(train=tuple(source.rows[index].rgb for index in train))
    parts = choose_splits(source, splits, arguments.split)
    names = {split: [source.rows[i].rgb for i in rows] for split, rows in parts.items()}
    matched = pair(source, folder, names, arguments)
    check_not_truth(source, matched)
    files = FilePredictions(matched.files, unit)
    rules = dataclasses.replace(choose_protocol(source, parts, arguments), flip=False)
    predictors: dict[str, Predictor | ByName] = {NETWORK: files}
    if train:
        predictors |= guess_predictors(fit_guesses(source, train))
    scores = score_parts(predictors, source, parts, rules)
    results = FileResults(
        protocol=rules,
        name=arguments.name or folder.resolve().name,
        data=source.root,
        dataset=source.info.name,
        num_rooms={
            split: count_rooms([source.rows[index] for index in indices])
            for split, indices in parts.items()
        },
        scores=scores,
        folder=folder,
        kinds=Counter(path.suffix.lower() for path in matched.files.values()),
        unit=arguments.unit,
        order=arguments.by == "order",
        num_weights=num_weights,
        missing_shares={split: files.missing_share(photos) for split, photos in names.items()},
    )
    for text in results.missing_texts():
        warnings.warn(text, stacklevel=2)
    return results, files


def pair(
    source: Source, folder: Path, names: Mapping[str, list[str]], arguments: EvaluateArguments
) -> Matched:
    """The depth file of every frame; says which files belong to no frame."""
    found = list_files(folder)
    wanted = list(dict.fromkeys(name for photos in names.values() for name in photos))
    if arguments.by == "order":
        return match_order(found, wanted)
    matched = match_names(found, wanted, [row.rgb for row in source.rows])
    if matched.extra:
        warnings.warn(
            f"{len(matched.extra)} depth files belong to no frame of {source.root} and are left "
            f"out, such as {matched.extra[0]}",
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


def as_unit(text: str) -> float | None:
    """Metres per stored count; None where no unit was named.

    Raises:
        ConfigError: It is neither a known unit nor a positive number.
    """
    if not text:
        return None
    try:
        metres = METRES_PER_UNIT[text] if text in METRES_PER_UNIT else float(text)
    except ValueError:
        metres = 0.0
    if not 0 < metres < float("inf"):
        raise ConfigError(
            f"--unit is {text!r}; write {', '.join(METRES_PER_UNIT)}, or metres per stored count, "
            "such as 0.001"
        )
    return metres


def as_amount(text: str) -> int | None:
    """How many weights ``0.7M`` are; None where nothing was said.

    Raises:
        ConfigError: It is no amount.
    """
    if not text:
        return None
    found = AMOUNT.fullmatch(text)
    amount = round(float(found[1]) * PER_LETTER[found[2]]) if found else 0
    if not amount:
        raise ConfigError(f"--parameters is {text!r}; write a number such as 700000, 700k or 0.7M")
    return amount
