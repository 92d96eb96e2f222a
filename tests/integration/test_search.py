"""``search``: every trial a run, nothing run twice, whatever happens in between."""

import csv
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from depth_unet.data.loader import Loader, RawBatch
from depth_unet.errors import ConfigError, DataError
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.search import study as studies
from depth_unet.train.loop import Trainer
from tests.integration.commandline import (
    FEW_STEPS,
    TINY_MODEL,
    Outcome,
    assert_refused,
    depth_unet,
    files_below,
    start,
)
from tests.integration.short_run import signal_after

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")

GRID = ("--sampler", "grid", "--space", "loss.mae=0.2,0.6", "loss.ssim=0.5,1")
LONG = ("--batch-size", 2, "--fraction", 1, "--validate-every", 4, *TINY_MODEL)


def search(cache: Path, out: Path, *options: object) -> Outcome:
    """Search with a small network."""
    return depth_unet("search", "seed", "--data", cache, "--out", out, *options)


def table(out: Path) -> list[dict[str, str]]:
    """The rows of ``trials.csv``."""
    with (out / "trials.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def times_of_trials(out: Path) -> dict[str, int]:
    """When each file of each run was last format_value."""
    return {
        name: (out / name).stat().st_mtime_ns
        for name in files_below(out)
        if name.startswith("trial-")
    }


def ended(err: str) -> list[int]:
    """Numbers of the trials whose lines are on the screen."""
    lines = [line for line in err.splitlines() if line.startswith("trial ")]
    return [int(line.split()[1].rstrip(":")) for line in lines]


def begin(cache: Path, out: Path, *options: object) -> Any:
    """Start a search as a process of its own, and wait until it is about to run trials."""
    process = start("search", "seed", "--data", cache, "--out", out, *options)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("seed: "):
            return process
    pytest.fail(f"left with {process.wait()}")


def test_grid(cache: Path, tmp_path: Path) -> None:
    """Each combination is a whole run, on page and table; a second time, nothing is run."""
    out = tmp_path / "search"
    outcome = search(cache, out, *GRID, *FEW_STEPS)
    assert outcome.code == 0, outcome.err
    assert ended(outcome.err) == [0, 1, 2, 3]
    rows = table(out)
    assert {(row["loss.mae"], row["loss.ssim"]) for row in rows} == {
        (mae, ssim) for mae in ("0.2", "0.6") for ssim in ("0.5", "1.0")
    }
    assert [float(row["abs_rel"]) for row in rows] == sorted(float(row["abs_rel"]) for row in rows)
    for row in rows:
        run = out / f"trial-{int(row['trial']):04d}"
        config, metrics = read(run / LAST_NAME).config, read(run / BEST_NAME).metrics
        assert (config.loss.mae, config.loss.ssim) == (
            float(row["loss.mae"]),
            float(row["loss.ssim"]),
        )
        assert metrics["unseen/abs_rel"] == pytest.approx(float(row["abs_rel"]), rel=1e-5)
    text = (out / "search.html").read_text(encoding="utf-8")
    assert text.count("<td>complete</td>") == 4
    assert f"trial-{int(rows[0]['trial']):04d}" in text
    before = times_of_trials(out)
    again = search(cache, out, *GRID, *FEW_STEPS)
    assert (again.code, ended(again.err)) == (0, [])
    assert times_of_trials(out) == before


def test_best_command_trains_the_best_again(cache: Path, tmp_path: Path) -> None:
    """The last line is a command, and its run is the best trial's bit by bit."""
    out = tmp_path / "search"
    space = (
        "--space",
        "loss.mae=0.1..1",
        "model.camera_rays=true,false",
        "model.blocks=1 1 1,1 2 1",
    )
    outcome = search(cache, out, *FEW_STEPS, *space, "--trials", 2)
    assert outcome.code == 0, outcome.err
    command = shlex.split(outcome.err.splitlines()[-1].removeprefix("next: depth-unet "))
    assert depth_unet(*command).code == 0
    best = out / f"trial-{int(table(out)[0]['trial']):04d}"
    theirs, ours = read(best / BEST_NAME).weights, read(out / "best" / BEST_NAME).weights
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in theirs)


@pytest.mark.chaos
@pytest.mark.slow
def test_killed(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After kill -9 in a trial, the same command resumes it from its last checkpoint."""
    out = tmp_path / "search"
    few = ("--validate-every", 24, "--checkpoint-every", 2)
    options = ("--steps", 24, *LONG, *few, "--space", "loss.mae=0.1..1", "--trials", 2)
    process = begin(cache, out, *options)
    last = out / "trial-0000" / LAST_NAME
    deadline = time.monotonic() + 60
    while not (last.exists() and read(last).step) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    step, config = read(last).step, read(last).config
    assert 0 < step < 24
    begun: list[tuple[str, int]] = []
    run = Trainer.run

    def noted(self: Trainer, *rest: Any) -> None:
        begun.append((self.out.name, self.step))
        run(self, *rest)

    monkeypatch.setattr(Trainer, "run", noted)
    outcome = search(cache, out, *options)
    assert outcome.code == 0, outcome.err
    assert begun == [("trial-0000", step), ("trial-0001", 0)]
    assert ended(outcome.err) == [0, 1]
    assert [row["state"] for row in table(out)] == ["complete"] * 2
    assert (read(last).step, read(last).config) == (24, config)


@pytest.mark.slow
def test_two_processes(cache: Path, tmp_path: Path) -> None:
    """Two processes run N trials in total, each of them some, and none twice."""
    out = tmp_path / "search"
    url = f"sqlite:///{tmp_path}/shared.db"
    short = (*FEW_STEPS, "--steps", 4, "--validate-every", 4)
    options = (*short, "--storage", url, "--trials", 5, "--sampler", "tpe")
    process = begin(cache, out, *options)
    ours = search(cache, out, *options)
    _, err = process.communicate(timeout=120)
    assert (ours.code, process.returncode) == (0, 0), ours.err + err
    mine, theirs = ended(ours.err), ended(err)
    assert mine
    assert theirs
    assert sorted(mine + theirs) == list(range(5))
    assert {row["trial"] for row in table(out)} == {str(number) for number in range(5)}
    assert not (out / "study.db").exists()


def test_pruning(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hopeless trial ends early, and its run can be resumed."""
    monkeypatch.setattr(studies, "STARTUP_TRIALS", 1)
    out = tmp_path / "search"
    options = ("--steps", 12, *LONG, "--optim.ema", 0, "--optim.schedule", "constant")
    space = ("--sampler", "grid", "--space", "optim.lr=3e-3,1e-9", "--pruner", "median")
    outcome = search(cache, out, *options, *space)
    assert outcome.code == 0, outcome.err
    complete, pruned = table(out)
    assert (complete["state"], complete["optim.lr"], complete["last_step"]) == (
        *("complete", "0.003"),
        "12",
    )
    assert (pruned["state"], pruned["optim.lr"], pruned["last_step"]) == ("pruned", "1e-09", "4")
    run = out / f"trial-{int(pruned['trial']):04d}"
    assert read(run / LAST_NAME).step == 4
    assert "pruned at step 4" in outcome.err


def test_ctrl_c(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C saves the trial, exits 130 and says how to resume; the same command does."""
    out = tmp_path / "search"
    options = (*FEW_STEPS, "--steps", 6, "--validate-every", 6, "--trials", 2)
    with monkeypatch.context() as patch:
        signal_after(patch, 3, signal.SIGINT)
        outcome = search(cache, out, *options)
    assert outcome.code == 130
    assert "same command" in outcome.err.splitlines()[-1]
    assert read(out / "trial-0000" / LAST_NAME).step == 3
    again = search(cache, out, *options)
    assert (again.code, ended(again.err)) == (0, [0, 1])
    assert len(table(out)) == 2


def test_lost_frame_ends_the_search(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame that cannot be read ends the search with that line; once it is back, it resumes."""
    batches = Loader.batches

    def losing(self: Loader, start: int, _stop: int) -> Iterator[tuple[int, RawBatch]]:
        yield from batches(self, start, 1)
        raise DataError("room.png is missing; put it back")

    out = tmp_path / "search"
    with monkeypatch.context() as patch:
        patch.setattr(Loader, "batches", losing)
        outcome = search(cache, out, *FEW_STEPS, "--trials", 1)
    assert outcome.code == 2
    assert "room.png is missing; put it back" in outcome.err.splitlines()[-1]
    assert search(cache, out, *FEW_STEPS, "--trials", 1).code == 0
    assert [row["state"] for row in table(out)] == ["complete"]


def test_diverged_trial_does_not_end_the_search(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial that diverges has no result and says why; the others are run."""
    run = Trainer.run

    def diverging(self: Trainer, *rest: Any) -> None:
        if self.out.name == "trial-0000":
            raise ConfigError("10 steps in a row were skipped; lower --optim.lr")
        run(self, *rest)

    monkeypatch.setattr(Trainer, "run", diverging)
    out = tmp_path / "search"
    outcome = search(cache, out, *FEW_STEPS, "--trials", 2)
    assert outcome.code == 0, outcome.err
    assert "trial-0000: no result: 10 steps in a row were skipped" in outcome.err
    assert [row["state"] for row in table(out)] == ["complete", "failed"]
    assert "no result" in (out / "search.html").read_text(encoding="utf-8")


@pytest.fixture
def begun(cache: Path, tmp_path: Path) -> Path:
    """A search of one trial."""
    out = tmp_path / "begun"
    assert search(cache, out, *FEW_STEPS, "--trials", 1).code == 0
    return out


def test_other_settings_are_refused(cache: Path, begun: Path, few_pairs: Path) -> None:
    """A search resumes with the same settings and data only; the message has the difference."""
    command = (*FEW_STEPS, "--trials", 2)
    for options, words in (
        (("--space", "loss.mae=0..0.5"), ("--space", "loss.mae=0.0..0.5", "--out")),
        (("--sampler", "tpe"), ("--sampler is tpe and was random",)),
        (("--optim.lr", 0.5), ("optim.lr is 0.5 and was 0.0003",)),
        (("--storage", f"sqlite:///{begun}/other.db"), ("trial-0000", "another search")),
    ):
        assert_refused(search(cache, begun, *command, *options), *words)
    assert_refused(search(few_pairs, begun, *command), "the set of frames")
    outcome = search(cache, begun, *command)
    assert (outcome.code, ended(outcome.err)) == (0, [1])


def test_renamed_folder_goes_on(cache: Path, begun: Path, tmp_path: Path) -> None:
    """A search whose folder was renamed and moved resumes there, with all of its trials."""
    moved = tmp_path / "kept" / "renamed"
    moved.parent.mkdir()
    begun.rename(moved)
    outcome = search(cache, moved, *FEW_STEPS, "--trials", 2)
    assert (outcome.code, ended(outcome.err)) == (0, [1]), outcome.err
    assert sorted(row["trial"] for row in table(moved)) == ["0", "1"]
    assert not begun.exists()


def test_renamed_folder_at_a_url_is_refused(cache: Path, tmp_path: Path) -> None:
    """Its study has the old name; the message says so, and does not advise to delete anything."""
    out, url = tmp_path / "old", f"sqlite:///{tmp_path}/shared.db"
    given = (*FEW_STEPS, "--trials", 1, "--storage", url)
    assert search(cache, out, *given).code == 0
    out.rename(tmp_path / "new")
    refused = search(cache, tmp_path / "new", *given)
    assert_refused(refused, "trial-0000", "no study 'new'", "its old name")
    assert "delete" not in refused.err
    (tmp_path / "new").rename(out)
    again = search(cache, out, *given)
    assert (again.code, ended(again.err)) == (0, [])


def test_torchrun_is_refused(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial is one process; the message has the way to use several GPUs."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert_refused(search(cache, tmp_path / "search", *FEW_STEPS), "torchrun", "once per GPU")


def test_one_room_is_refused(pairs: Path, tmp_path: Path) -> None:
    """Without held-out rooms there is nothing to score trials on."""
    index = pairs / "index.csv"
    head, *rows = index.read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if row.startswith(("test/", rows[0].rpartition("/")[0][:14]))]
    assert len(kept) < len(rows)
    index.write_text("\n".join((head, *kept)) + "\n", encoding="utf-8")
    assert_refused(search(pairs, tmp_path / "search", *FEW_STEPS), "no held-out rooms")


def test_without_optuna(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, one line says how to install it."""
    ours = ("depth_unet.search.", "depth_unet.cli.search.")
    for name in [name for name in sys.modules if name.startswith(ours)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "optuna", None)
    outcome = search(cache, tmp_path / "search", *FEW_STEPS)
    assert_refused(outcome, "optuna", "pip install", "sqlalchemy")
