"""Why Optuna's queue and heartbeats need our file locks (decision 6), measured on one SQLite file.

The first tests are of Optuna alone and pin what it does not do; if one of them fails, Optuna has
improved, and the lock that it justifies can go. The last one shows that the locks close the gaps.
"""

import os
import signal
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import TrialState

from depth_unet.search.results import list_trials
from depth_unet.search.study import make_pruner, open_study
from tests.search.bench import optunas_own

pytestmark = pytest.mark.slow  # they wait, and start processes

GRACE_S = 2
# A trial of Optuna's alone that says when it starts, and takes a minute.
LONG_TRIAL = f"""
import sys, time, optuna
storage = optuna.storages.RDBStorage(sys.argv[1], heartbeat_interval=1, grace_period={GRACE_S})
study = optuna.load_study(study_name="study", storage=storage)
def objective(trial):
    print("started", flush=True)
    time.sleep(60)
study.optimize(objective, n_trials=1)
"""
# One process of a search whose trials take a moment and note their start and end in a file.
OUR_TRIALS = """
import os, sys, time
from pathlib import Path
from depth_unet.recipes import seed
from depth_unet.search.queue import TrialQueue
from depth_unet.search.run import Search
from depth_unet.search.space import parse_space
from depth_unet.search.study import make_pruner, open_study

out = Path(sys.argv[1])
space = parse_space(("loss.mae=0.1..1",), seed(), "random")

def note(text):
    with (out / "notes").open("a") as stream:
        stream.write(text + "\\n")

def run_trial(config, folder, on_score):
    note(f"start {folder.name} {os.getpid()}")
    time.sleep(0.2)
    on_score(1, {"unseen/abs_rel": 1.0, "unseen/rmse": 1.0, "unseen/delta1": 0.5}, True)
    note(f"end {folder.name} {os.getpid()}")
    return 1.0

with open_study("", out, make_pruner("none", 1)) as study:
    queue = TrialQueue(study, space, out, num_trials=20, sampler="random", seed=0)
    Search(queue, seed(), run_trial=run_trial, on_end=lambda number: None).run()
"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A study of Optuna's alone with one queued trial."""
    url = f"sqlite:///{tmp_path}/study.db"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # heartbeats are experimental
        with open_alone(url) as study:
            study.enqueue_trial({})
        yield url


@contextmanager
def open_alone(url: str) -> Iterator[optuna.Study]:
    """The study, with heartbeats and retries."""
    with optunas_own(
        url,
        heartbeat_interval=1,
        grace_period=GRACE_S,
        heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
    ) as storage:
        yield optuna.create_study(storage=storage, study_name="study", load_if_exists=True)


def states(study: optuna.Study) -> list[TrialState]:
    """The state of every attempt."""
    return [trial.state for trial in study.get_trials(deepcopy=False)]


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a process."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def start_trial(url: str) -> subprocess.Popen[str]:
    """Start a process and wait until it is in the middle of a trial."""
    process = start(LONG_TRIAL, url)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    time.sleep(0.5)  # for the first heartbeat
    return process


def end(process: subprocess.Popen[str]) -> None:
    """Kill a process."""
    process.kill()
    process.communicate()


def test_two_processes_take_one_trial(url: str) -> None:
    """SQLite has no SELECT FOR UPDATE: two processes take the same queued trial."""
    with optunas_own(url) as one, optunas_own(url) as other:
        template = optuna.create_trial(state=TrialState.WAITING)
        trial_id = one.create_new_trial(one.get_study_id_from_name("study"), template)
        taken: list[bool] = []
        check = one.check_trial_is_updatable

        def interrupted(*given: Any) -> None:
            check(*given)
            taken.append(other.set_trial_state_values(trial_id, TrialState.RUNNING))

        one.check_trial_is_updatable = interrupted  # type: ignore[method-assign]
        taken.append(one.set_trial_state_values(trial_id, TrialState.RUNNING))
        assert taken == [True, True]


def test_restart_waits_for_the_grace_period(url: str) -> None:
    """After SIGKILL, a trial counts as running until the grace period has passed."""
    end(start_trial(url))
    with open_alone(url) as study:
        fail_stale_trials(study)
        assert states(study) == [TrialState.RUNNING]
        time.sleep(GRACE_S + 2)
        fail_stale_trials(study)
        assert states(study) == [TrialState.FAIL, TrialState.WAITING]


def test_trial_without_a_heartbeat_is_lost(url: str) -> None:
    """A process that dies between taking a trial and its first heartbeat leaves it running."""
    with open_alone(url) as study:
        study.ask()
        time.sleep(GRACE_S + 2)
        fail_stale_trials(study)
        assert states(study) == [TrialState.RUNNING]


def test_suspended_process_loses_its_trial(url: str) -> None:
    """A trial is queued again while its process is only suspended, and then runs in both."""
    process = start_trial(url)
    try:
        process.send_signal(signal.SIGSTOP)
        time.sleep(GRACE_S + 2)
        with open_alone(url) as study:
            fail_stale_trials(study)
            assert states(study) == [TrialState.FAIL, TrialState.WAITING]
        process.send_signal(signal.SIGCONT)
        time.sleep(1)
        assert process.poll() is None
    finally:
        end(process)


def test_ours_loses_none_and_runs_none_twice(tmp_path: Path) -> None:
    """Three processes, one killed in mid-trial and restarted: 20 trials, each finished once."""
    with open_study("", tmp_path, make_pruner("none", 1)):
        pass
    processes = [start(OUR_TRIALS, tmp_path) for _ in range(3)]
    victim, notes = processes[0], tmp_path / "notes"
    deadline = time.monotonic() + 60
    while f" {victim.pid}\n" not in (notes.read_text() if notes.exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(victim.pid, signal.SIGKILL)
    processes[0] = start(OUR_TRIALS, tmp_path)
    victim.communicate()
    for process in processes:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    begun = Counter(line.split()[1] for line in notes.read_text().splitlines() if "start" in line)
    ended = Counter(line.split()[1] for line in notes.read_text().splitlines() if "end" in line)
    assert ended == dict.fromkeys((f"trial-{number:04d}" for number in range(20)), 1)
    assert sum(begun.values()) == 21
    with open_study("", tmp_path, make_pruner("none", 1)) as study:
        assert [trial.state for trial in list_trials(study)] == [TrialState.COMPLETE] * 20
