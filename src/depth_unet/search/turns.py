"""Whose turn it is: which trial a process runs next, agreed with all other processes.

Two kinds of lock, both in the search's folder and both freed by the system when a process dies.
``study.lock`` is held while a trial is chosen, so that N trials are N and no combination of a grid
is run twice. ``trial-0007.lock`` is held while the trial runs: a trial of this machine that the
study calls running and whose lock is free was killed, and is put back at once. Locks of other
machines may not be visible here, so their trials are put back only when Optuna's heartbeat has
stopped. A trial that is put back keeps its number, its values and its run folder.
"""

import contextlib
import platform
import uuid
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from depth_unet.search.locks import file_lock, gate
from depth_unet.search.results import (
    MACHINE,
    NUMBER,
    TRIES,
    given_up,
    latest,
    number_of,
    trial_folder,
)
from depth_unet.search.space import Choices, Dimension, Sampler, Space
from depth_unet.search.study import fail_stale_trials


class Turns:
    """Chooses trials for one process.

    Args:
        study: The study.
        space: What varies.
        out: The search's folder, shared by all processes.
        num_trials: Trials of all processes together.
        sampler: A grid's combinations are enumerated here.
        seed: Decides the order of a grid.

    Attributes:
        gate: Held while a trial is chosen, and by whoever needs the study to stand still.
    """

    def __init__(
        self,
        study: optuna.Study,
        space: Space,
        out: Path,
        *,
        num_trials: int,
        sampler: Sampler,
        seed: int,
    ) -> None:
        self.study, self.space, self.out, self.num_trials = study, space, out, num_trials
        self.gate = gate(out)
        self._grid = space.grid(seed) if sampler == "grid" else []

    def take(self) -> int | None:
        """Wait for the gate and see whether this process has something to run.

        Returns:
            How many trials there are already, the gate held: ``ask`` for the next one. None where
            nothing is left to begin, the gate open.
        """
        self.gate.acquire()
        try:
            self._put_back_what_was_left()
            trials = latest(self.study)
            waiting = any(trial.state == TrialState.WAITING for trial in trials)
            if waiting or len(trials) < self.num_trials:
                if not waiting:
                    self._add(trials)
                return len(trials)
        except BaseException:
            self.gate.release()
            raise
        self.gate.release()
        return None

    def claim(self, trial: optuna.Trial) -> FileLock:
        """Mark a trial as this process's and lock it, the gate held.

        Returns:
            Its lock. It may not be held yet: a process that was asleep longer than GRACE_S still
            has it, and gives it back when it wakes.
        """
        trial.set_user_attr(TRIES, int(trial.user_attrs.get(TRIES, 0)) + 1)
        trial.set_user_attr(MACHINE, machine())
        lock = self._lock(trial.user_attrs[NUMBER])
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0)
        return lock

    def _put_back_what_was_left(self) -> None:
        fail_stale_trials(self.study)
        for trial in latest(self.study):
            if trial.state == TrialState.RUNNING:
                self._fail_if_left(trial)
        for trial in latest(self.study):
            if trial.state == TrialState.FAIL and not given_up(trial):
                self._put_back(trial)

    def _fail_if_left(self, trial: FrozenTrial) -> None:
        # Without a name it was killed between being asked for and claimed.
        if trial.user_attrs.get(MACHINE, machine()) != machine():
            return
        with contextlib.suppress(Timeout), self._lock(number_of(trial)).acquire(timeout=0):
            # Asked again: it may have ended, and its lock with it, since it was listed.
            if self.study.get_trials(deepcopy=False)[trial.number].state == TrialState.RUNNING:
                self.study.tell(trial.number, state=TrialState.FAIL)

    def _put_back(self, trial: FrozenTrial) -> None:
        self.study.add_trial(
            optuna.create_trial(
                state=TrialState.WAITING,
                params=trial.params,
                distributions=trial.distributions,
                user_attrs=trial.user_attrs,
                intermediate_values=trial.intermediate_values,
            )
        )

    def _add(self, trials: list[FrozenTrial]) -> None:
        """Queue one more trial: it has its number before any process can lose it."""
        known = [trial.params for trial in trials]
        labels = next((labels for labels in self._grid if labels not in known), {})
        drawn = {each.name: distribution(each) for each in self.space.dimensions if labels}
        self.study.add_trial(
            optuna.create_trial(
                state=TrialState.WAITING,
                params=labels,
                distributions=drawn,
                user_attrs={NUMBER: len(trials)},
            )
        )

    def _lock(self, number: int) -> FileLock:
        return file_lock(self.out, trial_folder(number))


def machine() -> str:
    """A name for this machine that others do not have."""
    return f"{platform.node()}-{uuid.getnode():012x}"


def distribution(dimension: Dimension) -> BaseDistribution:
    """A dimension in Optuna's terms."""
    if isinstance(dimension, Choices):
        return CategoricalDistribution(dimension.labels())
    low, high = dimension.low, dimension.high
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log=dimension.log)
    return FloatDistribution(low, high, log=dimension.log)


def draw(trial: optuna.Trial, space: Space) -> dict[str, Any]:
    """Draw the values of a trial, or take those that it was put back with."""
    labels: dict[str, Any] = {}
    for each in space.dimensions:
        match distribution(each):
            case CategoricalDistribution(choices=choices):
                labels[each.name] = trial.suggest_categorical(each.name, choices)
            case IntDistribution(low=low, high=high, log=log):
                labels[each.name] = trial.suggest_int(each.name, low, high, log=log)
            case FloatDistribution(low=low, high=high, log=log):
                labels[each.name] = trial.suggest_float(each.name, low, high, log=log)
    return space.values(labels)
