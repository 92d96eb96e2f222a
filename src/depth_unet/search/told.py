"""What a search's page says, in plain sentences."""

from collections.abc import Sequence
from typing import Any

from depth_unet.report.page import percent
from depth_unet.search.background import Background
from depth_unet.search.fields import written
from depth_unet.search.importance import BEST_SHARE, ENOUGH_TRIALS
from depth_unet.search.results import Result, State

STATES: dict[State, str] = {
    "complete": "complete",
    "pruned": "ended early",
    "running": "running",
    "waiting": "waiting",
    "failed": "no result",
}
CAUTION = (
    "The best of many is flattered: it was chosen by the same rooms that it is scored on, and may "
    "owe its place to chance. Train the best settings and their neighbours with other seeds before "
    "believing a small difference, and keep the official test part, which no trial has seen, for "
    "the end."
)
HISTORY = (
    "Mean error of every complete trial in the order of their numbers, and the lowest so far",
    "Each dot is a complete trial; the line is the best so far. Where the line has long been "
    "level, more trials of the same kind will gain little.",
)
PARALLEL = (
    "One line per complete trial through its value of each setting and its mean error",
    "Each line is a complete trial, through its value of every setting to its mean error on the "
    "right. Dark lines are good, light ones bad, the thick one is the best. Where dark lines share "
    "a place on an axis, that setting matters; where they spread, it does not.",
)
IMPORTANCE = (
    "How much each setting tells the best trials from all trials, as shares of one whole",
    f"How much each setting tells the best {BEST_SHARE:.0%} of the complete trials from all of "
    "them (PED-ANOVA).",
)


def summary(results: Sequence[Result], best: Result | None) -> str:
    """The answer in a sentence or two."""
    if best is None:
        return f"No trial is complete yet: {states(results)}."
    values = ", ".join(f"{name} {short(value)}" for name, value in best.values.items())
    return (
        f"The lowest error is {percent(best.abs_rel)} of the true depth on rooms that were "
        f"not trained on, with {values}."
    )


def states(results: Sequence[Result]) -> str:
    """How many trials are in which state."""
    counts = {
        name: sum(result.state == state for result in results) for state, name in STATES.items()
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none begun"


def procedure(background: Background) -> list[str]:
    """What was done, for someone who wants to do it again."""
    config, canvas = background.config, background.config.canvas
    drawn = {
        "grid": "Every combination of the values is tried once, in random order.",
        "random": "The values of each trial are drawn at random, without regard to the others.",
        "tpe": "The values of the first ten trials are drawn at random, those of the others near "
        "the values that have done well (TPE).",
    }[background.sampler]
    pruned = {
        "none": "Every trial runs to its end.",
        "median": "After a fifth of its steps a trial ends early when its best error so far is "
        "above the median of the others at the same step.",
    }[background.pruner]
    texts = [
        f"The recipe {config.recipe} is trained {background.num_trials} times, each time from the "
        f"same random weights, with other values of these settings: {background.space}. "
        f"{drawn} {pruned}",
        f"A trial is {background.num_steps:,} steps of {config.batch_size} photos at "
        f"{canvas.width}×{canvas.height}, from {background.num_train:,} photos of the data set "
        f"“{background.dataset}”. At every validation {min(200, background.num_unseen):,} of the "
        f"{background.num_unseen:,} photos of unseen rooms are scored; the lowest mean error "
        "(AbsRel) is the trial's result. The official test part is never used.",
    ]
    if any(each.name.startswith("loss.") for each in background.space.dimensions):
        texts.append(
            "A common factor of all loss weights changes little, because the optimiser (AdamW) "
            "divides by the size of the gradients: it is their ratio that is searched."
        )
    return texts


def importance(complete: int) -> list[str]:
    """What importance means, and how little it may mean."""
    texts = [
        "A setting has much importance where the best trials have other values of it than the "
        "trials have on the whole. It does not say which values are good (the picture above does), "
        "nor how much the error changes: the most important of settings that all matter little "
        "still has the longest bar. It holds for the values that were tried, and for no others.",
    ]
    if complete < ENOUGH_TRIALS:
        texts.append(
            f"Only {complete} trials are complete. With fewer than about {ENOUGH_TRIALS}, the best "
            "quarter is a handful, and a handful is uneven by chance: take these bars as a hint of "
            "what to vary next, not as a finding."
        )
    return texts


def short(value: Any) -> str:
    """A value with as many digits as can be read."""
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else written(value)
