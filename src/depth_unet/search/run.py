"""The search itself, whole on one screen: take a trial, run it, tell the study."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import Trial

from depth_unet.config.run import Config
from depth_unet.config.values import changed
from depth_unet.errors import DataError
from depth_unet.search.results import FIGURES, METRICS, NUMBER, TRIES, trial_folder
from depth_unet.search.space import Sampler
from depth_unet.search.study import make_sampler
from depth_unet.search.turns import Turns, draw

OnScore = Callable[[int, Mapping[str, float], bool], None]
"""Told the step, the figures of a validation, and whether it is the last; may raise to end."""
RunTrial = Callable[[Config, Path, OnScore], float]
"""Runs or goes on with a run in a folder and returns its best AbsRel on unseen rooms; infinite
where it has no finite result."""


class Search:
    """One process's part of a search.

    Args:
        study: The study, shared with other processes.
        turns: What chooses the trials.
        config: The settings that all trials have in common.
        sampler: What draws values.
        run_trial: What a trial is.
        ended: Told the number of every trial that this process ended.
    """

    def __init__(
        self,
        study: optuna.Study,
        turns: Turns,
        config: Config,
        *,
        sampler: Sampler,
        run_trial: RunTrial,
        ended: Callable[[int], None],
    ) -> None:
        self.study, self.turns, self.config = study, turns, config
        self.sampler, self.run_trial, self.ended = sampler, run_trial, ended
        self.number = -1
        self._lost = False
        self._locks = contextlib.ExitStack()

    def run(self) -> None:
        """Run trials until none is left to begin; what ends a trial early ends the search.

        A trial that ends by an exception is put back when the next one is chosen, by whichever
        process does that.
        """
        while (count := self.turns.take()) is not None:
            self._lost = False
            self._locks.callback(self.turns.gate.release, force=True)
            self.study.sampler = make_sampler(self.sampler, self.config.seed, count)
            try:
                self.study.optimize(self._trial, n_trials=1)
            except ValueError:
                if not self._lost:  # Optuna cannot be told of a trial that another one has failed
                    raise
            finally:
                # Not before Optuna is told: a running trial without a lock counts as killed.
                self._locks.close()
            if not self._lost:
                self.ended(self.number)

    def _trial(self, trial: Trial) -> float:
        values = draw(trial, self.turns.space)
        lock = self.turns.claim(trial)
        self._locks.callback(lock.release, force=True)
        self.turns.gate.release()
        lock.acquire()
        self.number = int(trial.user_attrs[NUMBER])
        out = self.turns.out / trial_folder(self.number)
        try:
            score = self.run_trial(changed(self.config, values), out, self._listener(trial))
            trial.set_user_attr(TRIES, 0)  # refused where another process has failed the trial
        except UpdateFinishedTrialError:
            self._lost = True
            raise
        except (KeyboardInterrupt, DataError, OSError):
            with contextlib.suppress(UpdateFinishedTrialError):
                trial.set_user_attr(TRIES, 0)  # not the trial's fault
            raise
        return score

    def _listener(self, trial: Trial) -> OnScore:
        known = {
            step
            for frozen in self.study.get_trials(deepcopy=False)
            if frozen.number == trial.number
            for step in frozen.intermediate_values
        }

        def told(step: int, figures: Mapping[str, float], last: bool) -> None:
            mine = {name: figures[f"unseen/{name}"] for name in METRICS}
            if step not in known:
                known.add(step)
                trial.report(mine["abs_rel"], step)
            if trial.user_attrs[TRIES]:
                trial.set_user_attr(TRIES, 0)  # it gets somewhere
            if mine["abs_rel"] < trial.user_attrs.get(FIGURES, {}).get("abs_rel", float("inf")):
                trial.set_user_attr(FIGURES, {**mine, "step": step})
            if not last and trial.should_prune():
                raise optuna.TrialPruned

        return told
