"""The model card of a network on the Hub: what its run and its evaluation state, nothing else."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from depth_unet.errors import DataError
from depth_unet.files.hub import SCHEME
from depth_unet.model.checkpoint import Checkpoint
from depth_unet.report.evaluation.table import COLUMNS
from depth_unet.report.leaderboard.boards import make_boards
from depth_unet.report.leaderboard.read import Evaluation, read_evaluation
from depth_unet.report.leaderboard.render import tables
from depth_unet.report.page import render

TASK = "depth-estimation"  # as the Hub calls it
TAGS = ("metric-depth", "monocular-depth", "onnx")
_BASE = re.compile(rf"{SCHEME}([^/@\s]+/[^/@\s]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a card is made from.

    Attributes:
        name: OWNER/NAME of the model.
        checkpoint: Config and weights.
        sha256: Checksum of the weights file.
        licence: SPDX name; empty if nobody stated it.
        data: Names of the training data, if anybody stated them.
        base: Model of the Hub whose weights these are; empty if they are no copy.
        evaluations: Of these weights.
        stated: Figures in place of evaluations: those that the shipped weights or the run state.
        text: What stands below the front matter in place of the text that is made.
    """

    name: str
    checkpoint: Checkpoint
    sha256: str
    licence: str = ""
    data: Sequence[str] = ()
    base: str = ""
    evaluations: Sequence[Evaluation] = ()
    stated: Mapping[str, float | str] = field(default_factory=dict)
    text: str = ""


def read_figures(folder: Path, sha256: str) -> list[Evaluation]:
    """The evaluation of a checkpoint.

    Args:
        folder: Folder that ``depth-unet evaluate`` wrote.
        sha256: Checksum of the checkpoint.

    Raises:
        DataError: There is none, it is damaged, or it is one of other weights.
    """
    found = read_evaluation(folder)
    if any(one.sha256 != sha256 for one in found):
        raise DataError(
            f"{folder} is not an evaluation of these weights; run `depth-unet evaluate` again, or "
            "remove it"
        )
    return found


def write_card(facts: Facts) -> str:
    """The card: YAML front matter, and Markdown."""
    checkpoint = facts.checkpoint
    config = checkpoint.config
    return render(
        "card.md",
        front_matter=front_matter(facts),
        name=facts.name,
        config=config,
        num_weights=sum(weight.numel() for weight in checkpoint.weights.values()),
        num_frames=len(checkpoint.splits.get("train", ())),
        step=checkpoint.step,
        origin=checkpoint.origin,
        has_imagenet=config.model.encoder != "residual" and config.model.pretrained,
        licence=facts.licence,
        data=facts.data,
        sha256=facts.sha256,
        tables=tables(make_boards(facts.evaluations)),
        stated=facts.stated,
        text=facts.text.strip(),
    )


def front_matter(facts: Facts) -> str:
    """What the Hub reads, as YAML."""
    from huggingface_hub import ModelCardData

    bases = list(dict.fromkeys(filter(None, (facts.base, *_BASE.findall(facts.checkpoint.origin)))))
    results = [one for part in facts.evaluations for one in _results(part)]
    measured = [result.metric_type for result in results]
    data = ModelCardData(
        library_name="depth-unet",
        pipeline_tag=TASK,
        tags=[*TAGS],
        **_licence(facts.licence),
        base_model=bases or None,
        datasets=[_identifier(name) for name in facts.data] or None,
        metrics=list(dict.fromkeys(measured or _names(facts.stated))) or None,
        model_name=facts.name.partition("/")[2],
        eval_results=results or None,
    )
    if not results:
        del data.model_name
    return str(data.to_yaml(line_break="\n")).strip()


def _licence(spdx: str) -> dict[str, Any]:
    """The Hub names licences in small letters, and has no place for those of others."""
    name = spdx.lower()
    if name.startswith("licenseref-"):
        return {"license": "other", "license_name": name, "license_link": "LICENSE.md"}
    return {"license": name or "unknown"}


def _names(stated: Mapping[str, float | str]) -> list[str]:
    """Metrics among figures such as ``delta1`` and ``unseen/delta1``."""
    names = (
        name.rpartition("/")[2] for name, value in stated.items() if not isinstance(value, str)
    )
    return [name for name in names if name in COLUMNS]


def _identifier(name: str) -> str:
    """A name as the Hub's identifiers are: without blanks; OWNER/NAME stays."""
    return re.sub(r"[^\w./-]+", "-", name).strip("-")


def _results(evaluation: Evaluation) -> list[Any]:
    from huggingface_hub import EvalResult

    return [
        EvalResult(
            task_type=TASK,
            dataset_type=_identifier(evaluation.dataset),
            dataset_name=f"{evaluation.dataset}, {evaluation.split}",
            dataset_split=evaluation.split,
            dataset_args={"protocol": evaluation.rules, "flip_averaging": evaluation.flip},
            metric_type=metric,
            metric_name=COLUMNS[metric][:-2],
            metric_value=round(evaluation.scores[metric]["mean"], 4),
        )
        for metric in COLUMNS
        if metric in evaluation.scores
    ]
