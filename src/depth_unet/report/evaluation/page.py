"""``report.html``: an evaluation as one page, which works offline."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from depth_unet.errors import install_command
from depth_unet.files.atomic import write_text
from depth_unet.metrics.depth import METRIC_NAMES
from depth_unet.model.shipped import BEST_NAME, words_for
from depth_unet.recipes import train_words
from depth_unet.report.evaluation.pictures import Picture
from depth_unet.report.evaluation.results import NETWORK, NetworkResults, Results, as_values
from depth_unet.report.evaluation.table import split_label
from depth_unet.report.page import Interval, render

REPORT_NAME = "report.html"
SYNTHETIC = re.compile(r"\b(synthetic|rendered|simulated|box rooms)\b", re.IGNORECASE)


def write_page(results: Results, pictures: Sequence[Picture], out: Path) -> Path:
    """Write ``report.html`` into the folder ``out`` and return its path.

    Args:
        results: What was measured.
        pictures: PNG files to embed, in this order.
        out: The folder.
    """
    path = out / REPORT_NAME
    write_text(path, page(results, pictures))
    return path


def page(results: Results, pictures: Sequence[Picture]) -> str:
    """The page as HTML."""
    values = as_values(results)
    splits = {
        split: {NETWORK: scores, **values["guesses"][split]}
        for split, scores in values["splits"].items()
    }
    main_split = next((name for name in ("test", "unseen") if name in splits), next(iter(splits)))
    guesses = [name for name in splits[main_split] if name != NETWORK]
    network = results if isinstance(results, NetworkResults) else None
    name = network.config.recipe if network else results.name
    return render(
        "evaluation.html",
        title=f"Depth from one photo: {name} on {results.dataset}",
        results=results,
        is_network=network is not None,
        is_best=network is not None and network.checkpoint.name == BEST_NAME,
        is_synthetic=is_synthetic(results.dataset),
        splits=splits,
        main_split=main_split,
        labels={split: split_label(results, split).capitalize() for split in splits},
        guesses=guesses,
        best_guess=min(
            guesses,
            key=lambda guess: (splits[main_split][guess]["abs_rel"]["mean"], guess),
            default=None,
        ),
        most=max(
            score["abs_rel"]["high"] for scores in splits.values() for score in scores.values()
        ),
        metric_names=METRIC_NAMES,
        overlap=overlap,
        pictures=pictures,
        next_steps=_next_steps(network) if network else None,
    )


def is_synthetic(dataset: str) -> bool:
    """Whether the name of a data set says that its photos were rendered."""
    return SYNTHETIC.search(dataset) is not None


def overlap(one: Interval, other: Interval) -> bool:
    """Whether two intervals have a point in common."""
    return one["low"] <= other["high"] and other["low"] <= one["high"]


def _next_steps(results: NetworkResults) -> dict[str, Any]:
    """The parts of commands that work where this evaluation ran."""
    checkpoint, config = results.checkpoint, results.config
    height, width = config.source_size()
    return {
        "run": words_for(checkpoint.parent if checkpoint.name == BEST_NAME else checkpoint),
        "longer": train_words(replace(config, steps=4 * max(results.step, config.steps))),
        "other": train_words(replace(config, fraction=1.0)),
        "size": f"{width}x{height}",
        "install": install_command("embreex", "numba"),
    }
