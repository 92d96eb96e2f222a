"""Which process runs which trial: restarts, killed processes, several processes."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from depth_unet.config.run import Config
from depth_unet.errors import DataError
from depth_unet.search import study as studies
from depth_unet.search.results import number_of
from depth_unet.search.run import OnScore, Search
from depth_unet.search.study import queue_again
from tests.search.bench import Bench, MakeBench, figures, results, score

GRID = ("loss.mae=0.1,0.2,0.3", "loss.ssim=1,2")


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is silent for a second or two was killed."""
    monkeypatch.setattr(studies, "BEAT_S", 1)
    monkeypatch.setattr(studies, "GRACE_S", 2)


class Dying:
    """Trials of which one dies as by kill -9: Optuna learns nothing, its heartbeat stops."""

    def __init__(self, dies_at: int, *, after: int = 1) -> None:
        self.dies_at, self.after, self.begun = dies_at, after, list[tuple[str, float]]()

    def __call__(self, config: Config, out: Path, report: OnScore) -> float:
        """Report, and die where it is time to."""
        self.begun.append((out.name, config.loss.mae))
        if out.name == f"trial-{self.dies_at:04d}":
            for step in range(1, self.after + 1):
                report(step, figures(config.loss.mae), False)
            raise SystemExit
        return score(config, out, report)


def die(bench: Bench, dying: Dying, **given: Any) -> None:
    """Run a search until it dies."""
    with pytest.raises(SystemExit):
        bench.open(dying, **given).run()


def give_away(search: Search) -> None:
    """Do what another process does when a trial's heartbeat has stopped."""
    queue_again(search.study, search.study.tell(0, state=TrialState.FAIL))


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
    """Six trials in one go have the values of three and then three: nothing is drawn again."""
    values = []
    for bench, goals in ((make_bench("whole"), (6,)), (make_bench("parts"), (3, 6))):
        for goal in goals:
            search = bench.open(sampler=sampler, num_trials=goal)
            search.run()
        values.append([r.values["loss.mae"] for r in results(search)])
    assert values[0] == values[1]
    assert len(set(values[0])) == 6


def test_killed_trial_is_resumed(bench: Bench) -> None:
    """A killed trial is run again under its number, with its values and what it reported."""

    def only_last(config: Config, out: Path, report: OnScore) -> float:
        after.append((out.name, config.loss.mae))
        report(2, figures(config.loss.mae), True)
        return config.loss.mae

    dying, after = Dying(1), list[tuple[str, float]]()
    die(bench, dying)
    search = bench.open(only_last)
    search.run()
    assert [name for name, _ in after] == ["trial-0002", "trial-0003", "trial-0001"]
    assert after[-1] == dying.begun[-1]
    found = results(search)
    assert [r.number for r in found] == [0, 1, 2, 3]
    assert {r.state for r in found} == {"complete"}
    assert found[1].values["loss.mae"] == after[-1][1]
    assert len(search.study.trials) == 5  # the attempt that died is kept
    assert set(search.study.trials[-1].intermediate_values) == {1, 2}


def test_running_trial_is_left_alone(bench: Bench) -> None:
    """While a process runs a trial, another one runs others and leaves when none is left."""
    begun, finish = threading.Event(), threading.Event()

    def slow(config: Config, out: Path, report: OnScore) -> float:
        if out.name == "trial-0000":
            begun.set()
            assert finish.wait(30)
        return score(config, out, report)

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


def test_process_that_slept_gives_its_trial_up(bench: Bench) -> None:
    """A process whose trial was failed meanwhile drops it and runs others."""
    other = bench.open()
    taken: list[str] = []

    def sleeper(config: Config, out: Path, report: OnScore) -> float:
        if not taken:
            give_away(other)
        taken.append(out.name)
        return score(config, out, report)

    search = bench.open(sleeper, num_trials=2)
    search.run()
    assert taken == ["trial-0000", "trial-0001", "trial-0000"]
    assert bench.ended == [1, 0]
    assert {r.state for r in results(search)} == {"complete"}


def test_process_that_slept_until_the_end(bench: Bench) -> None:
    """A process whose trial was failed after its last report does not overwrite what others did."""
    other = bench.open()
    taken: list[str] = []

    def sleeper(config: Config, out: Path, report: OnScore) -> float:
        value = score(config, out, report)
        if not taken:
            give_away(other)
        taken.append(out.name)
        return value

    bench.open(sleeper, num_trials=1).run()
    assert taken == ["trial-0000", "trial-0000"]
    assert bench.ended == [0]


def test_trial_that_always_dies_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that kills its process again and again fails at last, and the others are run."""
    monkeypatch.setattr(studies, "MAX_RETRIES", 1)
    die(bench, Dying(0, after=0), num_trials=2)
    die(bench, Dying(0, after=0), num_trials=2)
    search = bench.open(num_trials=2)
    search.run()
    assert bench.ended == [1]
    assert [r.state for r in results(search)] == ["failed", "complete"]
    assert [number_of(trial) for trial in search.study.trials] == [0, 1, 0]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DataError("gone"), OSError("full")])
def test_what_is_not_the_trials_fault_is_tried_again(bench: Bench, error: BaseException) -> None:
    """An interrupt, lost data or a full disk end the search, and the trial goes on next time."""

    def failing(_config: Config, _out: Path, _report: OnScore) -> float:
        raise error

    for _ in range(3):
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

    def diverging(config: Config, out: Path, report: OnScore) -> float:
        return float("inf") if out.name == "trial-0001" else score(config, out, report)

    search = bench.open(diverging, num_trials=3, sampler="tpe")
    search.run()
    assert [r.state for r in results(search)] == ["complete", "failed", "complete"]


@pytest.mark.slow  # starts processes
def test_processes_share_a_study(bench: Bench) -> None:
    """Processes that start together run each queued trial once; one that is killed loses none."""
    script = (
        "import sys, time, pathlib\n"
        "from tests.search.bench import score\n"
        "from depth_unet.recipes import seed\n"
        "from depth_unet.search import study as s\n"
        "from depth_unet.search.run import Search\n"
        "from depth_unet.search.space import parse_space\n"
        "s.BEAT_S, s.GRACE_S = 1, 3\n"
        "out, dies = pathlib.Path(sys.argv[1]), int(sys.argv[2])\n"
        "def run_trial(config, folder, report):\n"
        "    with (out / 'begun').open('a') as file: file.write(folder.name + '\\n')\n"
        "    if dies and folder.name > 'trial-0004': time.sleep(60)\n"
        "    return score(config, folder, report)\n"
        "with s.open_study('', out, s.make_pruner('none', 1)) as study:\n"
        "    print('ready', flush=True); input()\n"
        "    space = parse_space(('loss.mae=0.1..1',), seed(), 'random')\n"
        "    Search(study, space, out, seed(), num_trials=30, sampler='random',\n"
        "           run_trial=run_trial, ended=lambda number: print(number, flush=True)).run()\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(bench.out), str(int(dies))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for dies in (True, False, False)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    time.sleep(3)
    processes[0].kill()
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    ended = sorted(int(line) for output in outputs for line in output.split())
    assert ended == list(range(30))
    begun = (bench.out / "begun").read_text(encoding="utf-8").split()
    assert len(begun) <= 31, "more than the killed trial ran twice"
    assert {r.state for r in results(bench.open(num_trials=30))} == {"complete"}
