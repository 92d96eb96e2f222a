"""Read the results of earlier evaluations."""

import csv
import io
import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depth_unet.errors import DataError
from depth_unet.files.damage import as_data_error
from depth_unet.files.text import read_text
from depth_unet.metrics.depth import METRIC_NAMES
from depth_unet.metrics.edges import EDGE_NAMES
from depth_unet.model.shipped import short_name
from depth_unet.report.evaluation.results import PER_IMAGE_NAME, RESULT_NAME
from depth_unet.report.page import Interval

Scores = Mapping[str, Interval]
REMEDY = "run `depth-unet evaluate` again, and name the folder that it writes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The scores of one method on one split.

    Attributes:
        place: The folder it was read from.
        name: The method.
        sha256: Checksum of its checkpoint; empty for depth files, and in results of earlier
            versions.
        num_weights: Number of weights; None if unknown.
        flip: Whether predictions of the mirror image were averaged in; None if unknown.
        dataset: Name of the data set.
        split: The split.
        num_pixels: Number of pixels with true depth; None in results of earlier versions.
        rules: The protocol in one line, without flip averaging.
        scores: Every metric's mean and interval; earlier versions had no ``EDGE_NAMES``.
        guesses: The same for the guesses it was compared with.
        images: Every metric of every photo, by the photo's path.
    """

    place: Path
    name: str
    sha256: str
    num_weights: int | None
    flip: bool | None
    dataset: str
    split: str
    num_pixels: int | None
    rules: str
    scores: Scores
    guesses: Mapping[str, Scores]
    images: Mapping[str, Mapping[str, float]]


def read_evaluation(path: Path) -> list[Evaluation]:
    """Read an evaluation, one value for each split.

    Args:
        path: Folder that ``depth-unet evaluate`` wrote, or its ``metrics.json``.

    Raises:
        DataError: There is no evaluation, or it is damaged.
    """
    folder = path.parent if path.name == RESULT_NAME else path
    for name in (RESULT_NAME, PER_IMAGE_NAME):
        if not (folder / name).is_file():
            raise DataError(f"{folder / name} is missing; {REMEDY}")
    with as_data_error(folder / PER_IMAGE_NAME, "is damaged", REMEDY):
        images = _per_image(folder / PER_IMAGE_NAME)
    with as_data_error(folder / RESULT_NAME, "is not an evaluation", REMEDY):
        values = json.loads(read_text(folder / RESULT_NAME))
        return [_part(folder, values, split, images[split]) for split in values["splits"]]


def _part(
    folder: Path, values: Mapping[str, Any], split: str, images: Mapping[str, Mapping[str, float]]
) -> Evaluation:
    if len(images) != values["num_images"][split]:
        raise DataError(
            f"{folder / PER_IMAGE_NAME} has {len(images)} photos of {split}, but {RESULT_NAME} has "
            f"{values['num_images'][split]}; {REMEDY}"
        )
    return Evaluation(
        place=folder,
        name=values.get("name") or short_name(Path(values["checkpoint"])),
        sha256=values.get("sha256", ""),
        num_weights=values.get("num_weights"),
        flip=values["flip"],
        dataset=values["dataset"],
        split=split,
        num_pixels=values.get("num_pixels", {}).get(split),
        rules=_rules(values["description"]),
        scores=_scores(values["splits"][split]),
        guesses={name: _scores(found) for name, found in values["guesses"][split].items()},
        images=images,
    )


def _scores(values: Mapping[str, Mapping[str, Any]]) -> Scores:
    ends = ("mean", "low", "high")
    return {name: {end: float(values[name][end]) for end in ends} for name in _measured(values)}


def _measured(values: Container[str]) -> list[str]:
    """The metrics that an evaluation holds; only those that came later may be missing."""
    return [name for name in METRIC_NAMES if name in values or name not in EDGE_NAMES]


def _rules(description: str) -> str:
    """The protocol in a headline, without flip averaging."""
    _, marker, rules = description.rpartition("; protocol ")
    if not marker:
        raise ValueError("its description names no protocol")
    parts = rules.split("; ")
    return "; ".join(part for part in parts if not part.startswith("flip averaging "))


def _per_image(path: Path) -> dict[str, dict[str, dict[str, float]]]:
    found: dict[str, dict[str, dict[str, float]]] = {}
    for line in csv.DictReader(io.StringIO(read_text(path), newline="")):
        values = {name: float(line[name]) for name in _measured(line)}
        found.setdefault(line["split"], {})[line["image"]] = values
    return found
