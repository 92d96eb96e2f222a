"""What a comparison means, in plain sentences for readers who never saw a depth network."""

from depth_unet.report.comparison.results import FEWEST_IMAGES, Comparison, Interval, verdict
from depth_unet.report.evaluation.words import ONLY_HERE, rules
from depth_unet.report.page import SPACE, count_photos, percent

WHERE = {
    "seen": "photos that no run was trained on, of rooms that every run was trained in",
    "unseen": "photos of rooms that no run was trained in",
    "test": "official test photos, of rooms that no run was trained in",
    "all": "all photos of the data set but those of rooms that a run was trained in",
}
HOW_TO_READ = (
    "All runs are scored on the same photos, and a photo that is hard for one is mostly hard for "
    "the others too. What counts is therefore the difference on each photo: the interval of the "
    "difference, not whether the intervals of two runs overlap."
)
HOW_TO_SEE = (
    "Photos evenly spaced over the part, and the one on which the runs differ most. All depths of "
    "a picture are on one scale in metres: the same colour is the same distance."
)


def points(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    shown = f"{100 * share:+.2f}".replace("-", "\N{MINUS SIGN}")
    return "0.00" if shown[1:] == "0.00" else shown


def points_range(interval: Interval) -> str:
    """Both ends of an interval of differences in percentage points."""
    return f"{points(interval['low'])} to {points(interval['high'])}"


def photos_of(comparison: Comparison, split: str) -> str:
    """How many photos of how many rooms a split has."""
    return count_photos(comparison.num_images(split), comparison.num_rooms[split])


def summary(comparison: Comparison, split: str) -> str:
    """The answer in a few sentences: one split."""
    means = {
        name: scores["abs_rel"]["mean"] for name, scores in comparison.summaries(split).items()
    }
    listed = ", ".join(f"“{name}” {percent(mean)}" for name, mean in means.items())
    return (
        f"{len(means)} runs on the same {photos_of(comparison, split)} ({WHERE[split]}). The depth "
        f"of a pixel is off on average by: {listed}."
    )


def judged(comparison: Comparison, split: str) -> list[str]:
    """What the difference between each run and the first shows, a sentence each."""
    num_images, first = comparison.num_images(split), comparison.first.name
    return [
        against(first, name, metrics["abs_rel"], num_images)
        for name, metrics in comparison.differences(split).items()
    ]


def against(first: str, name: str, difference: Interval, num_images: int) -> str:
    """Whether one run is better than the first, by AbsRel, and how sure that is."""
    photos = count_photos(num_images, None)
    off = (
        f"its mean error differs by {points(difference['mean'])} percentage points "
        f"(95{SPACE}% interval of the difference {points_range(difference)})"
    )
    match verdict("abs_rel", difference, num_images):
        case "no difference":
            why = "that interval holds 0"
            if num_images < FEWEST_IMAGES:
                why = f"at least {FEWEST_IMAGES} photos are needed to judge"
            return (
                f"Between “{name}” and “{first}” there is no difference that these {photos} can "
                f"show: {off}; {why}."
            )
        case better_or_worse:
            return f"“{name}” is {better_or_worse} than “{first}” on these {photos}: {off}."


def frames(comparison: Comparison, split: str) -> str:
    """Which photos judge, and why others do not."""
    part = comparison.frames[split]
    text = f"{WHERE[split][0].upper()}{WHERE[split][1:]}: {photos_of(comparison, split)}."
    gone = part.candidates - len(part.indices)
    if gone:
        why = "did not hold back" if split == "seen" else "was trained on, or in the rooms of,"
        listed = ", ".join(f"“{name}” {why} {count:,}" for name, count in part.left_out.items())
        text += (
            f" {gone:,} of {part.candidates:,} candidates were left out, so that none has an "
            f"advantage: {listed}."
        )
    empty = len(part.indices) - comparison.num_images(split)
    if empty:
        text += f" {count_photos(empty)} without a depth that counts were left out of the figures."
    return text


def notes(comparison: Comparison) -> list[str]:
    """What a reader must know before believing the figures."""
    texts = [
        f"“{run.name}” began with {run.origin}; whether those weights know the photos scored here "
        "cannot be told."
        for run in comparison.runs
        if run.origin
    ]
    chosen = dict.fromkeys(name for part in comparison.frames.values() for name in part.best_chosen)
    if 0 < len(chosen) < len(comparison.runs):
        listed = ", ".join(f"“{name}”" for name in chosen)
        texts.append(
            f"Some of these photos also served to choose the best moment in the training of "
            f"{listed}, not in that of the others: a small advantage."
        )
    return texts


def protocol(comparison: Comparison) -> list[str]:
    """How the figures came about, one sentence per rule."""
    texts = rules(comparison.protocol, comparison.dataset)
    texts.append(
        f"Differences are to “{comparison.first.name}”, named first. Their intervals come from the "
        "same draws of photos for both runs; “better” and “worse” mean that the interval lies on "
        f"one side of 0 and that there are at least {FEWEST_IMAGES} photos."
    )
    texts.append(
        f"Of many such statements one in twenty is wrong by chance (95{SPACE}%). Photos of one "
        "room resemble one another, so with few rooms the intervals are too narrow."
    )
    if any(part.best_chosen for part in comparison.frames.values()):
        texts.append(
            "A run folder stands for the moment in its training with the lowest error on up to 200 "
            "photos of its unseen rooms, so figures for unseen rooms are a little too kind."
        )
    if comparison.protocol.name == "full":
        texts.append(ONLY_HERE)
    return texts


def recorded(comparison: Comparison) -> str:
    """Which runs left no curves; empty where all did."""
    silent = [f"“{run.name}”" for run in comparison.runs if not run.curves]
    if not silent:
        return ""
    return f"There are no event files beside {', '.join(silent)}, so there are no curves of these."


def validation_caption(comparison: Comparison) -> str:
    """What the curves of the validations show."""
    parts = {frozenset(run.splits.unseen) for run in comparison.runs}
    other = (
        " The runs held back different photos, so the heights of these curves cannot be compared; "
        "the tables can."
        if len(parts) > 1
        else ""
    )
    return (
        "While training: at most 200 photos of each part, protocol full, averaged weights. Left by "
        f"optimiser steps, right by training images seen, because batches may differ.{other}"
    )


LOSS_CAPTION = (
    "Loss terms before their weights, means since the last record, and total, their weighted sum: "
    "totals of runs with other weights cannot be compared, nor terms of other canvases or strides."
)
