"""The results of all trials as plain values, and as a CSV table."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.trial import FrozenTrial, TrialState

from depth_unet.config.values import format_value
from depth_unet.files.atomic import replacing
from depth_unet.search.space import Space

# Attributes of a trial in the study: its number (Optuna's own counts every attempt), how often it
# was started without reaching a validation, its machine, and the metrics of its best validation.
NUMBER, TRIES, MACHINE, FIGURES = "trial", "tries", "machine", "figures"
MAX_TRIES = 3
TABLE_NAME = "trials.csv"
METRICS = ("abs_rel", "rmse", "delta1")
State = Literal["complete", "pruned", "running", "waiting", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One trial, over all its attempts.

    Attributes:
        number: Its number, as in the name of its folder.
        state: ``failed`` if it has no finite result or could not be started.
        values: The settings that vary, by dotted name; empty before they are drawn.
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
        """AbsRel of the best validation; infinite if there is none."""
        return self.figures.get("abs_rel", math.inf)


def trial_folder(number: int) -> str:
    """Name of a trial's run folder."""
    return f"trial-{number:04d}"


def list_trials(study: optuna.Study) -> list[FrozenTrial]:
    """The last attempt at every trial, by number."""
    attempts = {t.user_attrs[NUMBER]: t for t in study.get_trials(deepcopy=False)}
    return [attempts[number] for number in sorted(attempts)]


def gave_up(trial: FrozenTrial) -> bool:
    """Whether a trial failed MAX_TRIES times before its first validation."""
    return trial.state == TrialState.FAIL and trial.user_attrs.get(TRIES, 0) >= MAX_TRIES


def read_results(study: optuna.Study, space: Space) -> list[Result]:
    """Every trial, by number."""
    return [
        Result(
            number=trial.user_attrs[NUMBER],
            state=_state(trial),
            values=space.values(trial.params) if trial.params else {},
            figures=dict(trial.user_attrs.get(FIGURES, {})),
            step=trial.last_step or 0,
        )
        for trial in list_trials(study)
    ]


def best_result(results: Sequence[Result]) -> Result | None:
    """The complete trial with the lowest AbsRel; of equal ones the first."""
    complete = [result for result in results if result.state == "complete"]
    return min(complete, key=lambda result: result.abs_rel, default=None)


def rank(results: Sequence[Result]) -> list[Result]:
    """Trials by AbsRel, the best first, complete ones before all others."""
    return sorted(results, key=lambda r: (r.state != "complete", r.abs_rel, r.number))


def write_table(results: Sequence[Result], space: Space, out: Path) -> None:
    """Write ``trials.csv``: a row per trial, the best first, values with all digits."""
    names = [each.name for each in space.dimensions]
    path = out / TABLE_NAME
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("trial", "state", *METRICS, "best_step", "last_step", *names))
        for result in rank(results):
            figures = (f"{result.figures[m]:.6g}" if result.figures else "" for m in METRICS)
            values = (format_value(result.values[n]) if result.values else "" for n in names)
            best_step = result.figures.get("step", "")
            writer.writerow(
                (result.number, result.state, *figures, best_step, result.step, *values)
            )


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
            return "failed" if gave_up(trial) else "waiting"
