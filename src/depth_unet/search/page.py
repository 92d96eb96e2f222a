"""``search.html``: the results of a search as one page that needs no other file."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna

from depth_unet.config.values import format_value
from depth_unet.files.atomic import write_text
from depth_unet.report.page import render
from depth_unet.search.plots import BEST_SHARE, draw_plots
from depth_unet.search.results import (
    TABLE_NAME,
    Result,
    State,
    best_result,
    rank,
    read_results,
    trial_folder,
    write_table,
)
from depth_unet.search.setup import Setup

PAGE_NAME = "search.html"
ENOUGH_TRIALS = 20
"""Below this many complete trials the best quarter is too few for importances to mean much."""
STATES: dict[State, str] = {
    "complete": "complete",
    "pruned": "pruned",
    "running": "running",
    "waiting": "waiting",
    "failed": "no result",
}


def write_report(study: optuna.Study, setup: Setup) -> list[Result]:
    """Write ``search.html``, ``trials.csv`` and the page's plots.

    Args:
        study: The caller holds its lock, so that page, table and plots agree.
        setup: What the trials have in common, and the folder.

    Returns:
        Every trial, by number.
    """
    results = read_results(study, setup.space)
    write_table(results, setup.space, setup.out)
    plots = draw_plots(study, setup.out)
    write_text(setup.out / PAGE_NAME, page(results, plots, setup))
    return results


def page(results: Sequence[Result], plots: Mapping[str, Path], setup: Setup) -> str:
    """The page as HTML, with the plots that ``draw_plots`` returned."""
    best = best_result(results)
    scores = sorted(result.abs_rel for result in results if result.state == "complete")
    return render(
        "search.html",
        title=f"Search: {setup.config.recipe} on {setup.dataset}",
        setup=setup,
        settings=[each.name for each in setup.space.dimensions],
        varies_loss=any(each.name.startswith("loss.") for each in setup.space.dimensions),
        results=rank(results),
        counts=count_states(results),
        states=STATES,
        best=best,
        folder=setup.out / trial_folder(best.number) if best else None,
        median=scores[len(scores) // 2] if scores else None,
        complete=len(scores),
        command=_command(setup.command(best.values)) if best else "",
        plots=plots,
        enough_trials=ENOUGH_TRIALS,
        best_share=f"{BEST_SHARE:.0%}",
        table_name=TABLE_NAME,
        format_short=format_short,
    )


def count_states(results: Sequence[Result]) -> str:
    """The number of trials in each state, in words."""
    found = [result.state for result in results]
    counts = [f"{found.count(state)} {name}" for state, name in STATES.items() if state in found]
    return ", ".join(counts) or "none started"


def format_short(value: Any) -> str:
    """A value with few digits."""
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else format_value(value)


def _command(words: Sequence[str]) -> str:
    """A command with a line for every option."""
    quoted = map(shlex.quote, words)
    return "".join(f" \\\n  {w}" if w.startswith("--") else f" {w}" for w in quoted).strip()
