"""Which trial a process runs next, agreed between all processes of a study.

Optuna's queue and heartbeats alone run some trials twice and lose others (decision 6 has the
measurements), so two kinds of file lock are added. The system releases them when their process
dies. ``study.lock`` is held while a trial is chosen: without it, two processes can take the same
trial from a SQLite file. A process owns the run folder of the trial that it runs. If the study says
that a trial of this machine is running and nobody owns its folder, its process was killed, and the
trial is queued again at once. Locks of another machine may not be visible here, so its trials are
queued again only when Optuna's heartbeat has stopped.
"""

import contextlib
import platform
import uuid
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import FrozenTrial, TrialState

from depth_unet.config.choices import SamplerChoice
from depth_unet.errors import ConfigError
from depth_unet.files.owner import file_lock, own_folder
from depth_unet.search.results import MACHINE, NUMBER, TRIES, gave_up, list_trials, trial_folder
from depth_unet.search.space import Choices, Space
from depth_unet.search.study import STUDY_LOCK_NAME


class TrialQueue:
    """Chooses trials for one process.

    Args:
        study: The study.
        space: The settings that vary.
        out: The search's folder, shared by all processes.
        num_trials: Trials of all processes together.
        sampler: With ``grid``, every trial gets the next combination.
        seed: Decides the order of the grid.

    Attributes:
        lock: Held while a trial is chosen, and while the report is written.
    """

    def __init__(
        self,
        study: optuna.Study,
        space: Space,
        out: Path,
        *,
        num_trials: int,
        sampler: SamplerChoice,
        seed: int,
    ) -> None:
        self.study, self.space, self.out, self.num_trials = study, space, out, num_trials
        self.sampler, self.lock = sampler, file_lock(out / STUDY_LOCK_NAME)
        self._grid = space.grid(seed) if sampler == "grid" else []
        self._retry = RetryHeartbeatStaleTrialCallback(inherit_intermediate_values=True)

    def prepare_next(self) -> int | None:
        """Acquire the lock and make sure that the study has a queued trial.

        Returns:
            The number of trials in the study before this one, the lock held; ``study.ask`` takes
            the queued trial. None, the lock released, if no trial is left to run.
        """
        self.lock.acquire()
        count = None
        try:
            self._requeue_dead()
            trials = list_trials(self.study)
            queued = any(trial.state == TrialState.WAITING for trial in trials)
            if not queued and len(trials) < self.num_trials:
                params = self._grid[len(trials)] if self._grid else {}
                self.study.enqueue_trial(params, user_attrs={NUMBER: len(trials)})
                queued = True
            if queued:
                count = len(trials)
        finally:
            if count is None:
                self.lock.release()
        return count

    def claim(self, trial: optuna.Trial, owned: contextlib.ExitStack) -> Path:
        """Mark a trial as this process's, own its run folder, and release the queue's lock.

        It waits for a process that was suspended for longer than GRACE_S and still owns the folder;
        that process gives the trial up when it wakes.

        Args:
            trial: Taken from the queue while the queue's lock was held.
            owned: Releases the folder.

        Returns:
            The run folder.
        """
        trial.set_user_attr(TRIES, int(trial.user_attrs.get(TRIES, 0)) + 1)
        trial.set_user_attr(MACHINE, machine())
        folder = self.out / trial_folder(trial.user_attrs[NUMBER])
        try:
            owned.enter_context(own_folder(folder))
        except ConfigError:
            self.lock.release()
            owned.enter_context(own_folder(folder, wait=True))
        else:
            self.lock.release()
        return folder

    def _requeue_dead(self) -> None:
        fail_stale_trials(self.study)
        for trial in list_trials(self.study):
            if trial.state == TrialState.RUNNING:
                self._fail_if_killed(trial)
        # A scan and not a callback of the storage: that one is lost if this process is killed
        # between failing a trial and queueing it again.
        for trial in list_trials(self.study):
            if trial.state == TrialState.FAIL and not gave_up(trial):
                self._retry(self.study, trial)

    def _fail_if_killed(self, trial: FrozenTrial) -> None:
        # A trial without a machine was killed between being asked for and claimed.
        if trial.user_attrs.get(MACHINE, machine()) != machine():
            return
        folder = self.out / trial_folder(trial.user_attrs[NUMBER])
        with contextlib.suppress(ConfigError), own_folder(folder):
            # Read again: it may have ended, and released its folder, since it was listed.
            if self.study.get_trials(deepcopy=False)[trial.number].state == TrialState.RUNNING:
                self.study.tell(trial.number, state=TrialState.FAIL)


def machine() -> str:
    """A name for this machine that no other machine has."""
    return f"{platform.node()}-{uuid.getnode():012x}"


def suggest(trial: optuna.Trial, space: Space) -> dict[str, Any]:
    """The values of a trial: those of its previous attempt or of the grid, or new ones."""
    labels: dict[str, Any] = {}
    for each in space.dimensions:
        if isinstance(each, Choices):
            labels[each.name] = trial.suggest_categorical(each.name, each.labels())
        elif isinstance(each.low, int) and isinstance(each.high, int):
            labels[each.name] = trial.suggest_int(each.name, each.low, each.high, log=each.log)
        else:
            labels[each.name] = trial.suggest_float(each.name, each.low, each.high, log=each.log)
    return space.values(labels)
