"""What is known of each trial, without Optuna's types, and as a table for programs."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState

from depth_unet.files.atomic import replacing
from depth_unet.search.fields import format_value
from depth_unet.search.space import Space

FIGURES = "figures"  # user attribute of a trial: its best validation so far
TABLE_NAME = "trials.csv"
METRICS = ("abs_rel", "rmse", "delta1")
State = Literal["complete", "pruned", "running", "waiting", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One trial, over all its attempts.

    Attributes:
        number: Its number, as in the name of its folder.
        state: ``failed`` if it diverged, or was killed too often.
        values: The values of the settings that vary, by dotted name.
        figures: ``abs_rel``, ``rmse`` and ``delta1`` of its best validation so far, and ``step``;
            empty before the first.
        step: Step of its last validation.
    """

    number: int
    state: State
    values: dict[str, Any]
    figures: dict[str, float]
    step: int

    @property
    def abs_rel(self) -> float:
        """The figure that ranks trials; infinite before the first validation."""
        return self.figures.get("abs_rel", math.inf)

    @property
    def folder(self) -> str:
        """Name of the run folder."""
        return trial_folder(self.number)


def trial_folder(number: int) -> str:
    """Name of a trial's run folder."""
    return f"trial-{number:04d}"


def number_of(trial: FrozenTrial) -> int:
    """The number of a trial: that of its first attempt.

    Optuna does not reopen a trial. It queues a new attempt with the same values, under a new
    number.
    """
    first = RetryHeartbeatStaleTrialCallback.retried_trial_number(trial)
    return trial.number if first is None else first


def last_attempts(study: optuna.Study) -> list[FrozenTrial]:
    """The last attempt at every trial, by number of the trial."""
    attempts = {number_of(trial): trial for trial in study.get_trials(deepcopy=False)}
    return [attempts[number] for number in sorted(attempts)]


def results_of(study: optuna.Study, space: Space) -> list[Result]:
    """Every trial that has started, by number."""
    return [
        Result(
            number=number_of(trial),
            state=_state(trial),
            values=space.values(trial.params),
            figures=dict(trial.user_attrs.get(FIGURES, {})),
            step=trial.last_step or 0,
        )
        for trial in last_attempts(study)
        if trial.params
    ]


def best_of(results: Sequence[Result]) -> Result | None:
    """The complete trial with the lowest AbsRel; the earlier of two equal ones."""
    complete = [result for result in results if result.state == "complete"]
    return min(complete, key=lambda result: result.abs_rel, default=None)


def rank(results: Sequence[Result]) -> list[Result]:
    """Complete trials first, the best at the top; then the others in the same order."""
    return sorted(results, key=lambda r: (r.state != "complete", r.abs_rel, r.number))


def write_table(results: Sequence[Result], space: Space, out: Path) -> Path:
    """Write ``trials.csv``: one row per trial, the best first, values in full precision."""
    names = [each.name for each in space.dimensions]
    path = out / TABLE_NAME
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("trial", "state", *METRICS, "best_step", "last_step", *names))
        for result in rank(results):
            figures = (f"{result.figures[m]:.6g}" if result.figures else "" for m in METRICS)
            values = (format_value(result.values[name]) for name in names)
            best_step = result.figures.get("step", "")
            writer.writerow(
                (result.number, result.state, *figures, best_step, result.step, *values)
            )
    return path


def _state(trial: FrozenTrial) -> State:
    match trial.state:
        case TrialState.COMPLETE:
            assert trial.value is not None
            return "complete" if math.isfinite(trial.value) else "failed"
        case TrialState.PRUNED:
            return "pruned"
        case TrialState.RUNNING:
            return "running"
        case TrialState.WAITING:
            return "waiting"
        case TrialState.FAIL:
            return "failed"
