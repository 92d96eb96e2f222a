"""The search loop: take a trial, run it, report to the study."""

import contextlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import Trial

from depth_unet.config.run import Config
from depth_unet.config.values import replace_fields
from depth_unet.errors import DataError
from depth_unet.search.queue import TrialQueue, suggest
from depth_unet.search.results import FIGURES, METRICS, NUMBER, TRIES
from depth_unet.search.study import make_sampler

OnScore = Callable[[int, Mapping[str, float], bool], None]
"""Called with the step, the metrics of a validation, and whether it is the last; may raise to end
the trial."""
RunTrial = Callable[[Config, Path, OnScore], float]
"""Starts or resumes a run in a folder and returns its best AbsRel on held-out rooms; infinite if it
has no finite result."""


class Search:
    """One process's part of a search.

    Args:
        queue: Chooses the trials of its study.
        config: The settings that all trials share.
        run_trial: Runs one trial.
        on_end: Called with the number of every trial that this process finished.
    """

    def __init__(
        self,
        queue: TrialQueue,
        config: Config,
        *,
        run_trial: RunTrial,
        on_end: Callable[[int], None],
    ) -> None:
        self.study, self.queue, self.config = queue.study, queue, config
        self.run_trial, self.on_end = run_trial, on_end
        self._number = -1
        self._taken_over = False
        self._locks = contextlib.ExitStack()

    def run(self) -> None:
        """Run trials until none is left.

        An exception in a trial ends the search. Whichever process chooses the next trial then
        queues that one again.
        """
        while (count := self.queue.prepare_next()) is not None:
            self._taken_over = False
            self._locks.callback(self.queue.lock.release, force=True)
            self.study.sampler = make_sampler(self.queue.sampler, self.config.seed, count)
            try:
                self.study.optimize(self._objective, n_trials=1)
            except ValueError:
                if not self._taken_over:  # Optuna refuses results of a trial that was failed
                    raise
            finally:
                # After Optuna has the result: a running trial without an owner counts as killed.
                self._locks.close()
            if not self._taken_over:
                self.on_end(self._number)

    def _objective(self, trial: Trial) -> float:
        values = suggest(trial, self.queue.space)
        out = self.queue.claim(trial, self._locks)
        self._number = int(trial.user_attrs[NUMBER])
        try:
            score = self.run_trial(replace_fields(self.config, values), out, self._reporter(trial))
            trial.set_user_attr(TRIES, 0)  # refused if another process has failed the trial
        except UpdateFinishedTrialError:
            self._taken_over = True
            raise
        except (KeyboardInterrupt, DataError, OSError):
            with contextlib.suppress(UpdateFinishedTrialError):
                trial.set_user_attr(TRIES, 0)  # not the trial's fault
            raise
        return score

    def _reporter(self, trial: Trial) -> OnScore:
        frozen = self.study.get_trials(deepcopy=False)[trial.number]
        reported = set(frozen.intermediate_values)

        def report(step: int, metrics: Mapping[str, float], last: bool) -> None:
            figures = {name: metrics[f"unseen/{name}"] for name in METRICS}
            if step not in reported:
                reported.add(step)
                trial.report(figures["abs_rel"], step)
            if trial.user_attrs[TRIES]:
                trial.set_user_attr(TRIES, 0)  # it made progress
            if figures["abs_rel"] < trial.user_attrs.get(FIGURES, {}).get("abs_rel", math.inf):
                trial.set_user_attr(FIGURES, {**figures, "step": step})
            if not last and trial.should_prune():
                raise optuna.TrialPruned

        return report
