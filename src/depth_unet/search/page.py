"""``search.html``: a search as one page that needs no other file and no network."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import optuna
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.visualization import matplotlib as plots

from depth_unet.figures.write import write_figure
from depth_unet.files.atomic import write_text
from depth_unet.report.page import render
from depth_unet.search.fields import short_value
from depth_unet.search.plan import Plan
from depth_unet.search.results import TABLE_NAME, Result, best_of, rank, results_of, write_table

PAGE_NAME = "search.html"
MEASURE = "AbsRel on held-out rooms"
WIDTH_IN, HEIGHT_IN = 8.0, 4.5
ENOUGH_TRIALS = 20  # below, importance is mostly chance


def write_report(study: optuna.Study, plan: Plan) -> list[Result]:
    """Write ``search.html``, ``trials.csv`` and the page's pictures.

    Args:
        study: The study, locked: page, table and pictures show one moment.
        plan: What the trials share, and the folder.

    Returns:
        Every trial that has started, by number.
    """
    results = results_of(study, plan.space)
    complete = [result for result in results if result.state == "complete"]
    write_table(results, plan.space, plan.out)
    values: dict[str, Any] = {
        "title": f"Search: {plan.config.recipe} on {plan.dataset}",
        "plan": plan,
        "names": [each.name for each in plan.space.dimensions],
        "results": results,
        "ranked": rank(results),
        "best": best_of(results),
        "complete": sorted(complete, key=lambda result: result.abs_rel),
        "pictures": draw_pictures(study, plan, len(complete)),
        "table_name": TABLE_NAME,
        "enough_trials": ENOUGH_TRIALS,
        "short": short_value,
    }
    write_text(plan.out / PAGE_NAME, render("search.html", **values))
    return results


def draw_pictures(study: optuna.Study, plan: Plan, complete: int) -> dict[str, Path]:
    """Draw the study with Optuna's plots, as far as it has enough complete trials.

    Returns:
        PNG files by ``history``, ``parallel`` and ``importance``.
    """
    names = [each.name for each in plan.space.dimensions]
    paths = {}
    with _optuna_plots():
        if complete:
            axes = plots.plot_optimization_history(study, target_name=MEASURE)
            paths["history"] = _write(axes, plan.out / "history.png")
        if complete > 1:
            axes = plots.plot_parallel_coordinate(study, params=names, target_name="AbsRel")
            paths["parallel"] = _write(axes, plan.out / "parallel.png")
            axes = plots.plot_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
            paths["importance"] = _write(axes, plan.out / "importance.png")
    return paths


@contextlib.contextmanager
def _optuna_plots() -> Iterator[None]:
    """Optuna's matplotlib plots: no window, and neither its style nor its warnings outside."""
    matplotlib.use("Agg", force=True)
    with warnings.catch_warnings(), matplotlib.rc_context():
        # That the plots are experimental, or that few trials make all importances equal.
        warnings.simplefilter("ignore")
        yield


def _write(axes: Axes, path: Path) -> Path:
    figure = axes.figure
    assert isinstance(figure, Figure)
    figure.set_size_inches(WIDTH_IN, HEIGHT_IN)
    figure.set_layout_engine("tight")
    write_figure(figure, path)
    pyplot.close(figure)
    return path
