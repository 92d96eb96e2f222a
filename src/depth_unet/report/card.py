"""The model card of a network on the Hub: what its run and its evaluation state, nothing else."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from depth_unet.errors import DataError
from depth_unet.files.hub import LIBRARY, SCHEME
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
        terms: Name of the file that holds the terms, if it lies beside the card.
        is_halved: Whether the files hold the evaluated weights in half precision.
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
    terms: str = ""
    is_halved: bool = False
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
        is_halved=facts.is_halved,
        tables=tables(make_boards(facts.evaluations)),
        stated=facts.stated,
        text=facts.text.strip(),
    )


def front_matter(facts: Facts) -> str:
    """What the Hub reads, as YAML."""
    import yaml  # slow to import

    bases = list(dict.fromkeys(filter(None, (facts.base, *_BASE.findall(facts.checkpoint.origin)))))
    results = [_results(evaluation) for evaluation in facts.evaluations]
    measured = [metric["type"] for result in results for metric in result["metrics"]]
    index = {"name": facts.name.partition("/")[2], "results": results}
    fields = {
        "library_name": LIBRARY,
        "pipeline_tag": TASK,
        "tags": [*TAGS],
        **_licence(facts),
        "base_model": bases,
        "datasets": [_identifier(name) for name in facts.data],
        "metrics": list(dict.fromkeys(measured or _names(facts.stated))),
        "model-index": [index] if results else [],
    }
    stated = {name: value for name, value in fields.items() if value}
    return yaml.safe_dump(stated, sort_keys=False, allow_unicode=True, width=math.inf).strip()


def _licence(facts: Facts) -> dict[str, str]:
    """The Hub names licences in small letters; of others, it takes a name and a file."""
    name = facts.licence.lower()
    if name.startswith("licenseref-"):
        return {"license": "other", "license_name": name, "license_link": facts.terms}
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


def _results(evaluation: Evaluation) -> dict[str, Any]:
    """The figures of one split, as the Hub's ``model-index`` holds them."""
    return {
        "task": {"type": TASK},
        "dataset": {
            "name": f"{evaluation.dataset}, {evaluation.split}",
            "type": _identifier(evaluation.dataset),
            "split": evaluation.split,
            "args": {"protocol": evaluation.rules, "flip_averaging": evaluation.flip},
        },
        "metrics": [
            {
                "type": metric,
                "value": round(evaluation.scores[metric]["mean"], 4),
                "name": COLUMNS[metric][:-2],
            }
            for metric in COLUMNS
            if metric in evaluation.scores
        ],
    }
