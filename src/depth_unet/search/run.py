"""The search itself: take a trial, run it, report to the study.

Optuna queues the trials, and its heartbeat queues a trial again whose process was killed. Two file
locks do what it cannot do on SQLite (docs/decisions/0006). The study's lock is held while a trial
is taken: without it, two processes take the same one. A trial's lock is held while it runs: a
process that slept longer than the grace period still writes into the trial's folder.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import optuna
from filelock import FileLock
from optuna.trial import Trial, TrialState

from depth_unet.config.run import Config
from depth_unet.config.values import changed
from depth_unet.search import study as studies
from depth_unet.search.results import FIGURES, METRICS, last_attempts, number_of, trial_folder
from depth_unet.search.space import Sampler, Space
from depth_unet.search.study import file_lock, make_sampler, queue_again, queue_trials

FINISHED = "finished"  # user attribute of a trial

OnScore = Callable[[int, Mapping[str, float], bool], None]
"""Receives the step, the figures of a validation, and whether it is the last; may raise."""
RunTrial = Callable[[Config, Path, OnScore], float]
"""Runs or resumes a trial in a folder. Returns its best AbsRel on unseen rooms; infinity if it has
no finite result."""


class Search:
    """One process's part of a search.

    Args:
        study: The study, shared with other processes.
        space: What varies.
        out: The search's folder.
        config: The settings that all trials share.
        num_trials: Trials of all processes together.
        sampler: How values are chosen.
        run_trial: Runs one trial.
        ended: Called with the number of each trial that this process ended.
        wait: Called before waiting for a trial that may have been killed, with the seconds.
    """

    def __init__(
        self,
        study: optuna.Study,
        space: Space,
        out: Path,
        config: Config,
        *,
        num_trials: int,
        sampler: Sampler,
        run_trial: RunTrial,
        ended: Callable[[int], None],
        wait: Callable[[float], None] = lambda _: None,
    ) -> None:
        self.study, self.space, self.out, self.config = study, space, out, config
        self.num_trials, self.sampler = num_trials, sampler
        self.run_trial, self.ended, self.wait = run_trial, ended, wait
        self.lock = file_lock(out, "study")
        self.number = -1
        self._attempt: int | None = None
        self._trial_lock: FileLock | None = None

    def run(self) -> None:
        """Run trials until none is left. An error or an interrupt ends the search."""
        with self.lock:
            queue_trials(self.study, self.space, self.num_trials, self.sampler, self.config.seed)
        while self._take():
            try:
                self.study.optimize(self._run, n_trials=1)
            except (KeyboardInterrupt, Exception):
                self.lock.release(force=True)
                if self._give_back():
                    raise
            else:
                self.ended(self.number)
            finally:
                self.lock.release(force=True)
                if self._trial_lock is not None:
                    self._trial_lock.release()
                    self._trial_lock = None

    def _take(self) -> bool:
        """Wait for a trial that can be run; True with the study's lock held."""
        deadline_s: float | None = None
        while True:
            self.lock.acquire()
            self._attempt = None
            optuna.storages.fail_stale_trials(self.study)
            trials = last_attempts(self.study)
            waiting = [number_of(t) for t in trials if t.state == TrialState.WAITING]
            if waiting:
                self.study.sampler = make_sampler(self.sampler, self.config.seed, waiting[0])
                return True
            self.lock.release()
            # A running trial may have been killed. Its heartbeat shows that after the grace period.
            if all(trial.state != TrialState.RUNNING for trial in trials):
                return False
            if deadline_s is None:
                grace_s = studies.GRACE_S + studies.BEAT_S
                self.wait(grace_s)
                deadline_s = time.monotonic() + grace_s
            if time.monotonic() > deadline_s:
                return False
            time.sleep(1)

    def _run(self, trial: Trial) -> float:
        frozen = self.study.get_trials(deepcopy=False)[trial.number]
        self._attempt, self.number = trial.number, number_of(frozen)
        values = self.space.suggest(trial)
        self.lock.release()
        self._trial_lock = file_lock(self.out, trial_folder(self.number))
        self._trial_lock.acquire()
        report = self._reporter(trial, known=set(frozen.intermediate_values))
        config = changed(self.config, values)
        score = self.run_trial(config, self.out / trial_folder(self.number), report)
        trial.set_user_attr(FINISHED, value=True)  # refused if another process has the trial now
        return score

    def _reporter(self, trial: Trial, known: set[int]) -> OnScore:
        def report(step: int, figures: Mapping[str, float], last: bool) -> None:
            mine = {name: figures[f"unseen/{name}"] for name in METRICS}
            if step not in known:
                known.add(step)
                trial.report(mine["abs_rel"], step)
            if mine["abs_rel"] < trial.user_attrs.get(FIGURES, {}).get("abs_rel", float("inf")):
                trial.set_user_attr(FIGURES, {**mine, "step": step})
            if not last and trial.should_prune():
                raise optuna.TrialPruned

        return report

    def _give_back(self) -> bool:
        """Queue the trial again; False if another process was given it while this one slept."""
        with self.lock:
            attempts = [
                trial
                for trial in self.study.get_trials(deepcopy=False)
                if self._attempt is not None and number_of(trial) == self.number
            ]
            if attempts and attempts[-1].number == self._attempt:
                queue_again(self.study, attempts[-1])
                return True
            return not attempts
