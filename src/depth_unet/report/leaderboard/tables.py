"""Which evaluations may stand in one table, in which order, and what its cells say."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from depth_unet.metrics.accumulate import mean_difference
from depth_unet.report.evaluation.table import COLUMNS, FILE_LABELS
from depth_unet.report.leaderboard.read import Evaluation, Interval, Scores
from depth_unet.report.page import count_photos

PER_IMAGE = "average per image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A method, or a guess.

    Attributes:
        name: What it is called.
        is_guess: Whether it looks at no photo.
        num_weights: How many weights it has; None where that is not known.
        flip: Whether it was averaged with the mirror image; None where that is not known.
        scores: Every metric's mean and interval.
        behind: How far the sorting metric is from that of the best method on the same photos, with
            its interval; None for that method, for guesses, and where pixels are pooled.
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
        heading: Data set, part, how many photos.
        rules: The protocol in one line.
        metric: What the rows are sorted by.
        rows: The best first.
    """

    heading: str
    rules: str
    metric: str
    rows: tuple[Row, ...]

    def best(self, metric: str) -> float:
        """The best mean of a metric among the methods; guesses do not count."""
        means = (row.scores[metric]["mean"] for row in self.rows if not row.is_guess)
        return max(means) if is_higher_better(metric) else min(means)


def make_boards(evaluations: Sequence[Evaluation], metric: str = "abs_rel") -> list[Board]:
    """One table for every data set, part, protocol and set of photos, in the order of the first.

    Filled and raw depth of the same photos differ in how many pixels have any.

    Alignment belongs to the protocol here; flip averaging does not, and is told in each row.

    Args:
        evaluations: Parts of evaluations, as ``read_evaluation`` returns them.
        metric: What rows are sorted by, a key of ``report.table.COLUMNS``.
    """
    groups: dict[tuple[object, ...], list[Evaluation]] = defaultdict(list)
    for one in evaluations:
        truth = (one.num_pixels, frozenset(one.images))
        groups[one.dataset, one.split, one.rules, truth].append(one)
    headings = _numbered([_heading(members[0]) for members in groups.values()])
    return [
        Board(
            heading=heading,
            rules=members[0].rules,
            metric=metric,
            rows=_rows(members, metric),
        )
        for heading, members in zip(headings, groups.values(), strict=True)
    ]


def is_higher_better(metric: str) -> bool:
    """Whether the best value of a metric is the highest."""
    return COLUMNS[metric].endswith("↑")


def _heading(one: Evaluation) -> str:
    protocol = one.rules.partition(":")[0]
    photos = count_photos(len(one.images), None)
    return f"{one.dataset}, {FILE_LABELS[one.split]}, {protocol}: {photos}"


def _rows(members: Sequence[Evaluation], metric: str) -> tuple[Row, ...]:
    names = _numbered([one.name for one in members])
    named = [replace(one, name=name) for one, name in zip(members, names, strict=True)]
    named.sort(key=lambda one: _place(one.scores, metric))
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
    return tuple(sorted([*methods, *_guesses(named)], key=lambda row: _place(row.scores, metric)))


def _behind(one: Evaluation, first: Evaluation, metric: str) -> Interval | None:
    if one is first or PER_IMAGE not in one.rules:
        return None
    values, base = (
        torch.tensor([side.images[name][metric] for name in sorted(side.images)]).double()
        for side in (one, first)
    )
    return mean_difference(values, base)


def _guesses(members: Sequence[Evaluation]) -> list[Row]:
    """Every guess once; those of other frames or of flip averaging differ, and say whose."""
    found: dict[str, list[tuple[str, Scores]]] = defaultdict(list)
    for one in members:
        for name, scores in one.guesses.items():
            if scores not in [known for _, known in found[name]]:
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


def _place(scores: Scores, metric: str) -> float:
    mean = scores[metric]["mean"]
    return -mean if is_higher_better(metric) else mean


def _numbered(names: Sequence[str]) -> list[str]:
    """Names that differ: the second of a name is called (2)."""
    counts, taken = Counter[str](), set(names)
    told = []
    for name in names:
        counts[name] += 1
        if counts[name] == 1:
            told.append(name)
            continue
        numbered = (f"{name} ({number})" for number in itertools.count(2))
        told.append(next(other for other in numbered if other not in taken))
        taken.add(told[-1])
    return told
