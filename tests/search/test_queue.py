"""Who runs which trial: restarts, deaths, several processes, several machines."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from depth_unet.config.run import Config
from depth_unet.errors import DataError
from depth_unet.search import queue
from depth_unet.search import study as studies
from depth_unet.search.results import MAX_TRIES
from depth_unet.search.run import OnScore
from tests.search.bench import Bench, MakeBench, figures, results, score

GRID = ("loss.mae=0.1,0.2,0.3", "loss.ssim=1,2")


class Dying:
    """Trials, one of which dies as by kill -9: without a result, and with its lock released."""

    def __init__(self, dies_at: int, *, after: int = 1) -> None:
        self.dies_at, self.after, self.begun = dies_at, after, list[tuple[str, float]]()

    def __call__(self, config: Config, out: Path, on_score: OnScore) -> float:
        """Report, and die where it is time to."""
        self.begun.append((out.name, config.loss.mae))
        if out.name == f"trial-{self.dies_at:04d}":
            for step in range(1, self.after + 1):
                on_score(step, figures(config.loss.mae), False)
            raise SystemExit
        return score(config, out, on_score)


def die(bench: Bench, dying: Dying, **given: Any) -> None:
    """Run a search until it dies."""
    with pytest.raises(SystemExit):
        bench.open(dying, **given).run()


def test_grid_runs_each_combination_once(bench: Bench) -> None:
    """A grid is complete when each combination was run once; the same command again runs none."""
    for _ in range(2):
        search = bench.open(texts=GRID, sampler="grid", num_trials=6)
        search.run()
        found = results(search)
        pairs = {(r.values["loss.mae"], r.values["loss.ssim"]) for r in found}
        assert len(pairs) == len(found) == len(bench.ended) == 6
        assert {r.state for r in found} == {"complete"}


def test_part_of_a_grid_can_be_completed(bench: Bench) -> None:
    """More trials later are the combinations that are left."""
    bench.open(texts=GRID, sampler="grid", num_trials=2).run()
    search = bench.open(texts=GRID, sampler="grid", num_trials=6)
    search.run()
    assert len({str(r.values) for r in results(search)}) == 6
    assert bench.ended == list(range(6))


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_restart_goes_on_drawing(make_bench: MakeBench, sampler: Any) -> None:
    """Six trials in one run have the same values as three and three more after a restart."""
    values = []
    for bench, goals in ((make_bench("whole"), (6,)), (make_bench("parts"), (3, 6))):
        for goal in goals:
            search = bench.open(sampler=sampler, num_trials=goal)
            search.run()
        values.append([r.values["loss.mae"] for r in results(search)])
    assert values[0] == values[1]
    assert len(set(values[0])) == 6


def test_killed_trial_goes_on_at_once(bench: Bench) -> None:
    """A killed trial resumes first, with its number, values and reports."""
    dying, after = Dying(1), Dying(-1)
    die(bench, dying)
    search = bench.open(after)
    search.run()
    assert after.begun[0] == dying.begun[-1]
    assert after.begun[0][0] == "trial-0001"
    found = results(search)
    assert [r.number for r in found] == [0, 1, 2, 3]
    assert {r.state for r in found} == {"complete"}
    assert found[1].values["loss.mae"] == after.begun[0][1]
    assert len(search.study.trials) == 5  # the attempt that died is kept


def test_killed_trial_keeps_its_reports(bench: Bench) -> None:
    """What a trial reported before it was killed is there for the pruner afterwards."""

    def only_last(config: Config, _out: Path, on_score: OnScore) -> float:
        on_score(2, figures(config.loss.mae), True)
        return config.loss.mae

    die(bench, Dying(0), num_trials=1)
    search = bench.open(only_last, num_trials=1)
    search.run()
    assert set(search.study.trials[-1].intermediate_values) == {1, 2}


def test_running_trial_is_left_alone(bench: Bench) -> None:
    """While a process runs a trial, another one runs others and leaves when none is left."""
    begun, finish = threading.Event(), threading.Event()

    def slow(config: Config, out: Path, on_score: OnScore) -> float:
        if out.name == "trial-0000":
            begun.set()
            assert finish.wait(30)
        return score(config, out, on_score)

    first, second = bench.open(slow, num_trials=3), bench.open(num_trials=3)
    thread = threading.Thread(target=first.run)
    thread.start()
    try:
        assert begun.wait(30)
        second.run()
        assert bench.ended == [1, 2]
        assert [r.state for r in results(second)] == ["running", "complete", "complete"]
    finally:
        finish.set()
        thread.join()
    assert bench.ended == [1, 2, 0]


def test_sharing_is_exact(bench: Bench) -> None:
    """Three searches at once run N trials in total, and no combination of a grid twice."""
    searches = [bench.open(texts=GRID, sampler="grid", num_trials=5) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        for running in [pool.submit(search.run) for search in searches]:
            running.result()
    found = results(searches[0])
    assert sorted(bench.ended) == [0, 1, 2, 3, 4]
    assert len({str(r.values) for r in found}) == len(found) == 5


@pytest.mark.slow  # it waits
def test_other_machines_trial_waits_for_its_heartbeat(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial of another machine is taken over when its heartbeat has stopped, and not before."""
    monkeypatch.setattr(studies, "BEAT_S", 1)
    monkeypatch.setattr(studies, "GRACE_S", 2)
    with monkeypatch.context() as patch:
        patch.setattr(queue, "machine", lambda: "elsewhere")
        die(bench, Dying(0), num_trials=1)
    died = time.monotonic()
    early = bench.open(num_trials=1)
    early.run()
    assert time.monotonic() - died < 1, "too slow to tell"
    assert bench.ended == []
    assert [r.state for r in results(early)] == ["running"]
    time.sleep(3.2)
    late = bench.open(num_trials=1)
    late.run()
    assert bench.ended == [0]
    assert [r.state for r in results(late)] == ["complete"]


@pytest.mark.chaos
def test_process_that_slept_gives_its_trial_up(bench: Bench) -> None:
    """A process whose trial was failed meanwhile drops it and runs the next one."""
    other = bench.open()
    taken: list[str] = []

    def sleeper(config: Config, out: Path, on_score: OnScore) -> float:
        if not taken:
            other.study.tell(0, state=TrialState.FAIL)
        taken.append(out.name)
        return score(config, out, on_score)

    search = bench.open(sleeper, num_trials=2)
    search.run()
    assert taken == ["trial-0000", "trial-0000", "trial-0001"]
    assert bench.ended == [0, 1]
    assert {r.state for r in results(search)} == {"complete"}


def test_process_that_slept_until_the_end(bench: Bench) -> None:
    """A process whose trial was failed after its last report does not overwrite what others did."""
    other = bench.open()
    taken: list[str] = []

    def sleeper(config: Config, out: Path, on_score: OnScore) -> float:
        value = score(config, out, on_score)
        if not taken:
            other.study.tell(0, state=TrialState.FAIL)
        taken.append(out.name)
        return value

    bench.open(sleeper, num_trials=1).run()
    assert taken == ["trial-0000", "trial-0000"]
    assert bench.ended == [0]


def test_trial_that_never_gets_anywhere_is_given_up(bench: Bench) -> None:
    """A trial that kills its process before any validation is begun a few times, then left."""
    for _ in range(MAX_TRIES):
        die(bench, Dying(0, after=0), num_trials=2)
    search = bench.open(num_trials=2)
    search.run()
    assert bench.ended == [1]
    assert [r.state for r in results(search)] == ["failed", "complete"]


def test_trial_that_gets_somewhere_is_not_given_up(bench: Bench) -> None:
    """A trial that is killed again and again, each time after a validation, is begun as often."""
    for _ in range(MAX_TRIES + 1):
        die(bench, Dying(0), num_trials=1)
    search = bench.open(num_trials=1)
    search.run()
    assert [r.state for r in results(search)] == ["complete"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DataError("gone"), OSError("full")])
def test_what_is_not_the_trials_fault_is_tried_again(bench: Bench, error: BaseException) -> None:
    """An interrupt, lost data or a full disk end the search, and the trial resumes next time."""

    def failing(_config: Config, _out: Path, _told: OnScore) -> float:
        raise error

    for _ in range(MAX_TRIES + 1):
        with pytest.raises(type(error)):
            bench.open(failing, num_trials=1).run()
    search = bench.open(num_trials=1)
    search.run()
    assert [(r.number, r.state) for r in results(search)] == [(0, "complete")]


def test_pruning(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is worse than the median of the others is ended early; the last step is never cut."""
    monkeypatch.setattr(studies, "STARTUP_TRIALS", 2)
    search = bench.open(num_trials=12, pruner="median")
    search.run()
    found = results(search)
    assert [r.state for r in found[:2]] == ["complete", "complete"]
    assert {r.state for r in found} == {"pruned", "complete"}
    assert all(r.step == (1 if r.state == "pruned" else 2) for r in found)
    pruned = min(r.abs_rel for r in found if r.state == "pruned")
    assert min(r.abs_rel for r in found) < pruned


def test_no_finite_result(bench: Bench) -> None:
    """A trial that diverged counts as tried, and does not end the search."""

    def diverging(config: Config, out: Path, on_score: OnScore) -> float:
        return float("inf") if out.name == "trial-0001" else score(config, out, on_score)

    search = bench.open(diverging, num_trials=3, sampler="tpe")
    search.run()
    assert [r.state for r in results(search)] == ["complete", "failed", "complete"]
