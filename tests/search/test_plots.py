"""Optuna's plots, as the page shows them."""

from pathlib import Path

import optuna
import pytest
from matplotlib.axes import Axes

from depth_unet.search import plots


def test_the_history_numbers_its_trials_in_whole_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three trials stood at 0, 0.25, 0.5 and so on."""
    drawn: list[Axes] = []
    original = plots.plot_optimization_history

    def kept(study: optuna.Study, **options: str) -> Axes:
        drawn.append(original(study, **options))
        return drawn[-1]

    monkeypatch.setattr(plots, "plot_optimization_history", kept)
    study = optuna.create_study()
    span = optuna.distributions.FloatDistribution(0.0, 1.0)
    for number, value in enumerate((0.4, 0.3, 0.5)):
        study.add_trial(
            optuna.create_trial(
                value=value,
                params={"loss.mae": value},
                distributions={"loss.mae": span},
                user_attrs={"trial": number},
            )
        )
    plots.draw_plots(study, tmp_path)
    assert all(tick == round(tick) for tick in drawn[0].get_xticks())
