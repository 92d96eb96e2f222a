"""Curves read back from the events of a run."""

import logging
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from depth_unet.train.history import Curve, read_history
from depth_unet.train.reporter import EVENTS_NAME, Reporter


def record(out: Path, start: int, stop: int, value: float) -> None:
    """One sitting of a run: a validation after every step, and a picture."""
    console = Console(quiet=True)
    with Reporter(
        out, total_steps=9, steps_per_epoch=3, start_step=start, console=console
    ) as reporter:
        for step in range(start + 1, stop + 1):
            scores = {"abs_rel": value + step / 8, "rmse": 1.0, "delta1": 0.5}
            reporter.metrics(step, "unseen", scores)
            reporter.picture(step, "unseen", np.zeros((4, 4, 3), np.uint8))


def test_all_figures_come_back(tmp_path: Path) -> None:
    """Every step and every value of every figure, however many, and no picture among them."""
    record(tmp_path, 0, 300, 0.5)
    curves = read_history(tmp_path)
    assert set(curves) == {"unseen/abs_rel", "unseen/rmse", "unseen/delta1"}
    assert curves["unseen/abs_rel"] == Curve(
        steps=tuple(range(1, 301)), values=tuple(0.5 + step / 8 for step in range(1, 301))
    )


def test_resumed_run_replaces_what_it_repeats(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Steps that a resumed run took again are told by it alone, in order, without a word of it."""
    record(tmp_path, 0, 6, 0.0)
    record(tmp_path, 4, 5, 10.0)
    with caplog.at_level(logging.DEBUG):
        curve = read_history(tmp_path)["unseen/abs_rel"]
    assert curve.steps == (1, 2, 3, 4, 5)
    assert curve.values == (0.125, 0.25, 0.375, 0.5, 10.625)
    assert not [entry for entry in caplog.records if entry.name == "tensorboard"]


def test_run_without_events_has_no_curves(tmp_path: Path) -> None:
    """No folder, an empty folder, and a file of something else are no error."""
    assert read_history(tmp_path) == {}
    (tmp_path / EVENTS_NAME).mkdir()
    assert read_history(tmp_path) == {}
    (tmp_path / EVENTS_NAME / "events.out.tfevents.1.host").write_bytes(b"not events" * 20)
    assert read_history(tmp_path) == {}


def test_torn_file_keeps_what_comes_before(tmp_path: Path) -> None:
    """A run that was killed while it wrote shows every whole record."""
    record(tmp_path, 0, 4, 0.0)
    path = next((tmp_path / EVENTS_NAME).iterdir())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(0.8 * len(whole))])
    curve = read_history(tmp_path)["unseen/abs_rel"]
    assert curve.steps in ((1, 2), (1, 2, 3))
    assert curve.values == tuple(step / 8 for step in curve.steps)
