"""What a run does about NaN, about no progress, and about being started again."""

import json
from pathlib import Path
from typing import Any

import pytest

from depth_unet.losses.weighted import WeightedLoss
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.records import SumCount
from depth_unet.train import loop
from tests.integration.commandline import assert_refused, depth_unet
from tests.integration.short_run import (
    NUM_STEPS,
    OPTIONS,
    assert_same,
    interrupt,
    signal_after,
    train,
)

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")


def nan_in(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """Every loss is NaN in the micro-batches of these numbers, counted over the run from 0."""
    terms, calls = WeightedLoss.__call__, list[int]()

    def spoiled(self: WeightedLoss, *rest: Any, **named: Any) -> dict[str, SumCount]:
        calls.append(1)
        factor = float("nan") if len(calls) - 1 in numbers else 1.0
        return {
            name: SumCount(term.sum * factor, term.count)
            for name, term in terms(self, *rest, **named).items()
        }

    monkeypatch.setattr(WeightedLoss, "__call__", spoiled)


def test_nan_is_skipped_and_told_with_its_photos(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step is left out, weights stay finite, and the photos of its micro-batch are named."""
    nan_in(monkeypatch, 5)  # two micro-batches a step, of 4 and 2 images: the second of step 3
    outcome = train(cache, tmp_path / "run", "--steps", 4)
    assert outcome.code == 0, outcome.err
    lines = [line for line in outcome.err.splitlines() if line.startswith("skipped")]
    assert len(lines) == 1
    assert lines[0].startswith("skipped step 3 (the loss is nan; frames ")
    assert lines[0].count(".png") + lines[0].count(".jpg") == 2
    last = read(tmp_path / "run" / LAST_NAME)
    assert last.step == 4
    assert all(weight.isfinite().all() for weight in last.weights.values())


def test_nan_again_and_again_ends_the_run(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After two in a row, as asked for: one line, exit 2, and the good weights are saved."""
    nan_in(monkeypatch, *range(4, 99))
    outcome = train(cache, tmp_path / "run", "--max-skipped", 2)
    assert outcome.code == 2
    assert outcome.complaints[-1].startswith(
        "depth-unet: error: 2 steps in a row were skipped; "
        "the last was step 4 (the loss is nan; frames"
    )
    last = read(tmp_path / "run" / LAST_NAME)
    assert last.step == 3
    assert all(weight.isfinite().all() for weight in last.weights.values())


def test_early_stop(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two validations in a row without a better result end the run; resumed, it stays ended."""
    results = iter([0.5, 0.4, 0.45, 0.41, 0.3])
    monkeypatch.setattr(
        loop, "validate", lambda *_, **__: {"unseen/abs_rel": next(results), "unseen/rmse": 1.0}
    )
    options = ("--validate-every", 1, "--early-stop", 2)
    outcome = train(cache, tmp_path / "run", *options)
    assert outcome.code == 0
    assert "no better result in 2 validations: ended early" in outcome.err
    assert read(tmp_path / "run" / LAST_NAME).step == 4
    assert read(tmp_path / "run" / BEST_NAME).step == 2
    assert depth_unet("train", "--resume", tmp_path / "run").code == 0
    assert read(tmp_path / "run" / LAST_NAME).step == 4


def test_changed_settings_are_refused(cache: Path, tmp_path: Path) -> None:
    """A run goes on as it began or not at all; the differences are shown."""
    out = tmp_path / "run"
    assert train(cache, out, "--steps", 2).code == 0
    outcome = depth_unet("train", "--resume", out, "--optim.lr", "0.5", "--seed", "3")
    assert_refused(
        outcome,
        "seed is 0 in the run and 3 here; optim.lr is 0.0003 in the run and 0.5 here",
        f"depth-unet train --resume {out}",
    )
    outcome = depth_unet("train", "paper", "--resume", out)
    assert_refused(outcome, "recipe is 'seed' in the run and 'paper' here", "more")


def test_the_same_settings_may_be_said_again(cache: Path, tmp_path: Path) -> None:
    """The recipe with all its options, and --resume: as if they were not there."""
    out = tmp_path / "run"
    assert train(cache, out, "--steps", 2).code == 0
    given = ("--steps", 2, *OPTIONS)
    assert depth_unet("train", "seed", *given, "--resume", out).code == 0


def test_auto_resume(cache: Path, tmp_path: Path) -> None:
    """One command begins, goes on after an interrupt to the same bits, and then has no work."""
    assert train(cache, tmp_path / "straight").code == 0
    out = tmp_path / "run"
    interrupt(3, cache, out, "--auto-resume")
    assert read(out / LAST_NAME).step == 3
    assert train(cache, out, "--auto-resume").code == 0
    assert_same(tmp_path / "straight" / LAST_NAME, out / LAST_NAME)
    before = (out / LAST_NAME).read_bytes()
    assert train(cache, out, "--auto-resume").code == 0
    assert (out / LAST_NAME).read_bytes() == before


@pytest.mark.slow  # tests/data/test_mixture.py has its laws
def test_mixed_data_sets(
    cache: Path, box_rooms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run on two data sets by weight: trained, resumed to the same bits, evaluated on each."""
    mixed = (f"{cache}:1", f"{box_rooms}:2")
    given = ("--steps", NUM_STEPS, *OPTIONS, "--fraction", 1, "--holdout", 0.3)
    straight, parts = tmp_path / "straight", tmp_path / "parts"
    run = ("train", "seed", "--data", *mixed, *given)
    assert depth_unet(*run, "--out", straight).code == 0
    with monkeypatch.context() as patch:
        signal_after(patch, 3)
        assert depth_unet(*run, "--out", parts).code == 130
    other = (f"{cache}:1", f"{box_rooms}:3")
    assert_refused(
        depth_unet("train", "--resume", parts, "--data", *other), "with the same weights"
    )
    assert depth_unet("train", "--resume", parts, "--data", *mixed).code == 0
    assert_same(straight / LAST_NAME, parts / LAST_NAME)
    names = read(straight / LAST_NAME).splits["train"]
    assert {name.split("/")[0] for name in names} == {cache.name, box_rooms.name}
    for data in (cache, box_rooms):
        out = tmp_path / f"evaluated_{data.name}"
        command = ("evaluate", straight, "--data", data, "--split", "unseen", "--out", out)
        assert depth_unet(*command).code == 0
        assert json.loads((out / "metrics.json").read_text())["num_images"]["unseen"] > 5
