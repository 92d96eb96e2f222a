"""Group evaluations into tables whose rows can be compared, and sort the rows."""

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from depth_unet.metrics.accumulate import mean_difference
from depth_unet.metrics.depth import is_higher_better
from depth_unet.report.evaluation.table import FILE_LABELS
from depth_unet.report.leaderboard.read import Evaluation, Scores
from depth_unet.report.page import Interval, count_photos

PER_IMAGE = "average per image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A method, or a guess.

    Attributes:
        name: Unique in its table.
        is_guess: Whether it is a baseline that ignores the photo.
        num_weights: Number of weights; None if unknown.
        flip: Whether predictions of the mirror image were averaged in; None if unknown.
        scores: Every metric's mean and interval; earlier versions measured fewer.
        behind: Difference of the sorting metric from the best method on the same photos, with its
            interval; None for that method, for guesses, if the protocol pools pixels, and where
            either was not measured.
    """

    name: str
    is_guess: bool
    num_weights: int | None
    flip: bool | None
    scores: Scores
    behind: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Evaluations of the same photos under the same rules.

    Attributes:
        heading: Data set, split, protocol and number of photos.
        rules: The protocol in one line.
        metric: The metric that the rows are sorted by.
        rows: The methods and guesses, the best first.
    """

    heading: str
    rules: str
    metric: str
    rows: tuple[Row, ...]

    @property
    def methods(self) -> list[Row]:
        """The rows without the guesses."""
        return [row for row in self.rows if not row.is_guess]

    def has_behind(self) -> bool:
        """Whether any row has a difference from the best method."""
        return any(row.behind for row in self.rows)

    def best(self, metric: str) -> float:
        """The best mean of a measured metric among the methods; guesses do not count."""
        means = (row.scores[metric]["mean"] for row in self.methods if metric in row.scores)
        return max(means) if is_higher_better(metric) else min(means)


def make_boards(evaluations: Sequence[Evaluation], metric: str = "abs_rel") -> list[Board]:
    """One table for each data set, split, protocol and set of photos, in order of appearance.

    Filled and raw depth of the same photos are distinguished by the number of pixels with true
    depth. Alignment is part of the protocol here. Flip averaging is not; each row states it.

    Args:
        evaluations: Parts of evaluations, as ``read_evaluation`` returns them.
        metric: The metric to sort by, a key of ``report.evaluation.table.COLUMNS``.
    """
    groups: dict[tuple[object, ...], list[Evaluation]] = defaultdict(list)
    for one in evaluations:
        truth = (one.num_pixels, frozenset(one.images))
        groups[one.dataset, one.split, one.rules, truth].append(one)
    headings = _number_repeats([_heading(members[0]) for members in groups.values()])
    return [
        Board(
            heading=heading,
            rules=members[0].rules,
            metric=metric,
            rows=_rows(members, metric),
        )
        for heading, members in zip(headings, groups.values(), strict=True)
    ]


def _heading(one: Evaluation) -> str:
    protocol = one.rules.partition(":")[0]
    photos = count_photos(len(one.images))
    return f"{one.dataset}, {FILE_LABELS[one.split]}, {protocol}: {photos}"


def _rows(members: Sequence[Evaluation], metric: str) -> tuple[Row, ...]:
    names = _number_repeats([one.name for one in members])
    named = [replace(one, name=name) for one, name in zip(members, names, strict=True)]
    named.sort(key=lambda one: _sort_key(one.scores, metric))
    methods = [
        Row(
            name=one.name,
            is_guess=False,
            num_weights=one.num_weights,
            flip=one.flip,
            scores=one.scores,
            behind=_behind(one, named[0], metric),
        )
        for one in named
    ]
    return tuple(
        sorted([*methods, *_guesses(named)], key=lambda row: _sort_key(row.scores, metric))
    )


def _behind(one: Evaluation, first: Evaluation, metric: str) -> Interval | None:
    if one is first or PER_IMAGE not in one.rules:
        return None
    if metric not in one.scores or metric not in first.scores:
        return None
    values, base = (
        torch.tensor([side.images[name][metric] for name in sorted(side.images)]).double()
        for side in (one, first)
    )
    return mean_difference(values, base)


def _guesses(members: Sequence[Evaluation]) -> list[Row]:
    """Every guess once, or once for each method where its scores differ between the methods.

    They differ with flip averaging and with the frames that a guess was fitted to. Metrics that an
    earlier version did not measure make no difference, nor does rounding.
    """
    found: dict[str, list[tuple[str, Scores]]] = defaultdict(list)
    for one in sorted(members, key=lambda one: len(one.scores), reverse=True):
        for name, scores in one.guesses.items():
            if not any(_are_equal(scores, known) for _, known in found[name]):
                found[name].append((one.name, scores))
    return [
        Row(
            name=name if len(variants) == 1 else f"{name}, as scored for {whose}",
            is_guess=True,
            num_weights=None,
            flip=None,
            scores=scores,
        )
        for name, variants in found.items()
        for whose, scores in variants
    ]


def _are_equal(scores: Scores, others: Scores) -> bool:
    """Whether the metrics that both hold are equal up to rounding."""
    return all(
        math.isclose(value, others[name][end], rel_tol=1e-9, abs_tol=1e-12)
        for name in scores.keys() & others.keys()
        for end, value in scores[name].items()
    )


def _sort_key(scores: Scores, metric: str) -> float:
    if metric not in scores:
        return math.inf
    mean = scores[metric]["mean"]
    return -mean if is_higher_better(metric) else mean


def _number_repeats(names: Sequence[str]) -> list[str]:
    """The names, all different: the second "a" becomes "a (2)"."""
    unique: list[str] = []
    for name in names:
        numbered = (f"{name} ({number})" for number in itertools.count(2))
        free = (other for other in numbered if other not in names and other not in unique)
        unique.append(next(free) if name in unique else name)
    return unique
