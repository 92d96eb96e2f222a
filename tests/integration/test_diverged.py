"""Runs whose network stops predicting finite depth."""

from pathlib import Path

import pytest
import torch
from torch import nn

from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.train import loop
from depth_unet.train.ema import EMA
from tests.integration.commandline import ERROR, Outcome, depth_unet
from tests.integration.short_run import OPTIONS, train

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")
LARGE = 1e30  # finite, and too large for any product


def diverge_in(
    monkeypatch: pytest.MonkeyPatch, step: int, value: float = LARGE, runs: int = 1
) -> None:
    """The steps of this number of the first runs make all weights very large, or not finite."""
    update, pending = EMA.update, [step] * runs

    def spoiled(self: EMA, model: nn.Module, now: int) -> None:
        if now in pending:
            pending.pop()
            with torch.no_grad():
                for weight in model.parameters():
                    weight.fill_(value)
        update(self, model, now)

    monkeypatch.setattr(EMA, "update", spoiled)


def assert_finite(path: Path) -> None:
    """The checkpoint can be read and holds finite tensors."""
    checkpoint = read(path)
    for tensors in (checkpoint.weights, checkpoint.state):
        assert all(tensor.isfinite().all() for tensor in tensors.values())


def error_of(outcome: Outcome) -> str:
    """The line that ended a run."""
    assert outcome.code == 2, outcome.err
    line = outcome.complaints[-1]
    assert line.startswith(f"{ERROR}training diverged: after step ")
    assert "wrote" not in outcome.err
    assert "next:" not in outcome.err
    return line


def test_a_learning_rate_of_10(cache: Path, tmp_path: Path) -> None:
    """Without a single finite validation there is no best; last stays at its finite state."""
    out = tmp_path / "run"
    model = ("--model.widths", *["32"] * 5, "--fraction", 1, "--batch-size", 2)
    outcome = depth_unet(
        *("train", "seed", "--data", cache, "--out", out, "--steps", 3),
        *("--optim.lr", 10, "--precision", "fp32", *model),
        *("--canvas.height", 96, "--canvas.width", 128),
    )
    line = error_of(outcome)
    assert f"{out / LAST_NAME} keeps step 0" in line
    assert "--optim.lr below 10" in line
    assert BEST_NAME not in line
    assert not (out / BEST_NAME).exists()
    assert_finite(out / LAST_NAME)


@pytest.mark.chaos
@pytest.mark.parametrize("value", [LARGE, float("nan")])
@pytest.mark.parametrize("holdout", ["0.1", "none"])
def test_a_run_that_diverges_late(
    value: float, holdout: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best and the last finite state stay as they were, with and without held-out rooms."""
    diverge_in(monkeypatch, 6, value)
    out = tmp_path / "run"
    outcome = train(cache, out, "--checkpoint-every", 2, "--holdout", holdout)
    line = error_of(outcome)
    for name, step in ((BEST_NAME, 3), (LAST_NAME, 4)):
        assert f"{out / name} keeps step {step}" in line
        assert read(out / name).step == step
        assert_finite(out / name)
    photo = next(cache.glob("test/*/*_rgb.png"))
    assert depth_unet("predict", photo, "--weights", out, "--out", tmp_path / "depth").code == 0


@pytest.mark.chaos
def test_skipped_steps_of_a_diverged_network(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where skipped steps end the run first, the diverged network is not saved, either."""
    diverge_in(monkeypatch, 5)
    out = tmp_path / "run"
    outcome = train(cache, out, "--checkpoint-every", 2, "--max-skipped", 1, "--holdout", "none")
    assert outcome.code == 2
    assert outcome.complaints[-1].startswith(f"{ERROR}1 steps in a row were skipped")
    assert read(out / LAST_NAME).step == 4
    assert_finite(out / LAST_NAME)


@pytest.mark.chaos
def test_the_last_validation_counts(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ends with NaN on held-out rooms has failed; its best is kept."""
    scores = iter([0.5, float("nan"), float("nan")])
    monkeypatch.setattr(loop, "validate", lambda *_, **__: {"unseen/abs_rel": next(scores)})
    out = tmp_path / "run"
    line = error_of(train(cache, out))  # validations after steps 3, 6 and 7
    assert f"{out / BEST_NAME} keeps step 3" in line
    assert f"{out / LAST_NAME} keeps step 0" in line


def test_a_diverged_trial(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that diverges counts as failed and says why; the others are run."""
    diverge_in(monkeypatch, 1)
    out = tmp_path / "search"
    options = ("--steps", 2, "--validate-every", 1, "--trials", 2)
    outcome = depth_unet("search", "seed", "--data", cache, "--out", out, *OPTIONS, *options)
    assert outcome.code == 0, outcome.err
    assert "trial-0000: no result: training diverged: after step 1" in outcome.err
    states = [line.split(",")[:2] for line in (out / "trials.csv").read_text().splitlines()[1:]]
    assert sorted(states) == [["0", "failed"], ["1", "complete"]]


def test_a_search_in_which_every_trial_diverges(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one finite result the page says so, and the search ends with an error."""
    diverge_in(monkeypatch, 1, runs=2)
    out = tmp_path / "search"
    command = ("search", "seed", "--data", cache, "--out", out, *OPTIONS, "--steps", 2)
    outcome = depth_unet(*command, "--validate-every", 1, "--trials", 2)
    assert outcome.code == 2, outcome.err
    line = outcome.complaints[-1]
    assert line.startswith(f"{ERROR}none of the 2 trials has a result: see {out / 'search.html'}")
    assert "next:" not in outcome.err
    text = (out / "search.html").read_text(encoding="utf-8")
    assert "No trial is complete yet" in text
