"""Optuna's plots of a study, as PNG files."""

import math
import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("agg")  # before pyplot, which Optuna imports, opens a window

import optuna
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import TrialState
from optuna.visualization.matplotlib import (
    plot_optimization_history,
    plot_parallel_coordinate,
    plot_param_importances,
)

from depth_unet.files.atomic import replacing
from depth_unet.search.results import list_trials

BEST_SHARE = 0.25


def draw_plots(study: optuna.Study, out: Path) -> dict[str, Path]:
    """Draw what the trials with a finite result allow: ``history`` from one, all from two on.

    Importance is PED-ANOVA: how far the distribution of a setting's values among the best quarter
    of the complete trials differs from that among all of them.

    Returns:
        PNG files in ``out`` by ``history``, ``parallel`` and ``importance``.

    Reference:
        Watanabe, Bansal and Hutter (2023), arXiv 2304.10255.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # experimental; trials are few or equal, as the page says
        # Without earlier attempts, so that trials have the same numbers as in the table.
        shown = optuna.create_study()
        shown.add_trials(list_trials(study))
        trials = shown.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        complete = sum(math.isfinite(trial.values[0]) for trial in trials)
        plots = {"history": _history, "parallel": _parallel, "importance": _importance}
        names = list(plots)[: 3 if complete > 1 else complete]
        return {name: _write(plots[name], shown, out / f"{name}.png") for name in names}


def _history(study: optuna.Study) -> Axes:
    axes = plot_optimization_history(study, target_name="AbsRel on held-out rooms")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # trials are numbered
    return axes


def _parallel(study: optuna.Study) -> Axes:
    axes = plot_parallel_coordinate(study, target_name="AbsRel")
    axes.collections[0].set_cmap("viridis")  # Optuna's ends in white
    return axes


def _importance(study: optuna.Study) -> Axes:
    evaluator = PedAnovaImportanceEvaluator(target_quantile=BEST_SHARE)
    axes = plot_param_importances(study, evaluator=evaluator)
    axes.set(xlabel="importance; the sum over all settings is 1", ylabel="")
    return axes


def _write(plot: Callable[[optuna.Study], Axes], study: optuna.Study, path: Path) -> Path:
    """Write a plot without title and legend, which the page's text replaces."""
    with matplotlib.rc_context():  # Optuna sets a style for all later figures
        axes = plot(study)
        figure = axes.get_figure(root=True)
        assert figure is not None
        axes.set_title("")
        axes.set_title("", loc="left")
        if legend := axes.get_legend():
            legend.remove()
        for each in figure.axes[1:]:  # their labels lie on lines
            for label in each.get_yticklabels(which="both"):
                label.set_bbox({"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.5})
        figure.set_size_inches(max(9.0, 1.5 * len(figure.axes)), 4.5)
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=150, bbox_inches="tight")
        pyplot.close(figure)
    return path
