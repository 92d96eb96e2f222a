"""What a run reports, and what it needs TensorBoard for."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from depth_unet.config.choices import TrackerChoice
from depth_unet.errors import ConfigError
from depth_unet.train.history import read_history
from depth_unet.train.reporter import EVENTS_NAME, Reporter, import_tracker
from tests.imports import imported_by


def report(out: Path, tracker: TrackerChoice) -> None:
    """One step with a validation and a picture."""
    with Reporter(
        out,
        total_steps=9,
        steps_per_epoch=3,
        start_step=0,
        unreported={},
        console=Console(quiet=True),
        tracker=import_tracker(tracker),
    ) as reporter:
        assert reporter.shows_pictures == (tracker != "none")
        reporter.count(1, 4, {"mae": torch.tensor(1 / 3, dtype=torch.float64)})
        reporter.losses(1, 0.25, 10**9)
        reporter.metrics(1, "unseen", {"abs_rel": 0.1, "rmse": 1.0, "delta1": 0.5})
        reporter.picture(1, "unseen", np.zeros((4, 4, 3), np.uint8))


def test_figures_are_recorded_at_full_precision(tmp_path: Path) -> None:
    """Losses, learning rate, speed, memory and metrics; without a tracker, nothing else."""
    report(tmp_path, "none")
    curves = read_history(tmp_path)
    figures = {name: curve.values[0] for name, curve in curves.items()}
    assert figures.pop("run/images_per_s") > 0
    assert figures == {
        "loss/mae": 1 / 3,
        "run/learning_rate": 0.25,
        "run/memory_gb": 1.0,
        "unseen/abs_rel": 0.1,
        "unseen/rmse": 1.0,
        "unseen/delta1": 0.5,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv"]


def test_tensorboard_shows_the_same(tmp_path: Path) -> None:
    """TensorBoard gets every figure of metrics.csv, and the picture."""
    report(tmp_path, "tensorboard")
    events = EventAccumulator(str(tmp_path / EVENTS_NAME))
    events.Reload()
    for name, curve in read_history(tmp_path).items():
        (shown,) = events.Scalars(name)
        assert (shown.step,) == curve.steps
        assert shown.value == pytest.approx(curve.values[0], rel=1e-6)
    assert events.Tags()["images"] == ["unseen"]


def test_missing_tensorboard_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing TensorBoard is refused in one line with the command that installs it."""
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match=r'pip install "tensorboard'):
        import_tracker("tensorboard")
    assert import_tracker("none") is None


@pytest.mark.parametrize(
    "code",
    [
        "import depth_unet, numpy; model = depth_unet.load('scratch'); "
        "model.predict(numpy.zeros((48, 64, 3), numpy.uint8))",
        "import depth_unet.train.loop",
    ],
    ids=["predict", "train"],
)
def test_tensorboard_is_not_imported(code: str) -> None:
    """Neither prediction nor training imports TensorBoard."""
    assert "tensorboard" not in imported_by(code)
