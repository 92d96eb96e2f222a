"""Which evaluations share a table, in which order, and what is bold."""

import dataclasses
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from depth_unet.config.choices import SortChoice
from depth_unet.metrics.accumulate import mean_difference
from depth_unet.metrics.depth import METRIC_NAMES, is_higher_better
from depth_unet.report.evaluation.table import COLUMNS
from depth_unet.report.leaderboard.boards import make_boards
from depth_unet.report.leaderboard.read import Evaluation
from depth_unet.report.leaderboard.render import markdown, page
from tests.report.page import Page
from tests.report.scores import scored

RULES = "full: ground truth as rooms gives it; average per image, then over images; alignment none"
GUESS = "constant depth"


def evaluation(name: str, factor: float, guess: float = 1.6, **changes: object) -> Evaluation:
    """An evaluation of twelve photos of rooms."""
    metrics = scored(factor)
    base = Evaluation(
        sha256="",
        place=Path(name),
        name=name,
        num_weights=None,
        flip=None,
        dataset="rooms",
        split="test",
        num_pixels=576,
        rules=RULES,
        scores=metrics.summary(),
        guesses={GUESS: scored(guess).summary()},
        images=dict(metrics.per_image()),
    )
    return dataclasses.replace(base, **changes)


def test_the_best_is_first() -> None:
    """Rows are sorted from the best, guesses among them; of a share the highest is the best."""
    found = [evaluation("poor", 1.5), evaluation("good", 1.05), evaluation("fair", 1.22)]
    for metric in ("abs_rel", "rmse", "log10", "delta1"):
        (board,) = make_boards(found, metric)
        assert [row.name for row in board.rows] == ["good", "fair", "poor", GUESS]
    (board,) = make_boards([evaluation("worse than a guess", 1.5, guess=1.1)])
    assert [row.is_guess for row in board.rows] == [True, False]


def test_sort_choices_are_the_columns() -> None:
    """What can be sorted by is what is shown."""
    assert set(get_args(SortChoice)) == set(COLUMNS) <= set(METRIC_NAMES)


@pytest.mark.parametrize(("metric", "heading"), COLUMNS.items())
def test_arrows_show_what_is_better(metric: str, heading: str) -> None:
    """The arrow of a column says in which direction its rows are sorted."""
    assert heading[-1] == ("↑" if is_higher_better(metric) else "↓")


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": "other rooms"},
        {"split": "all"},
        {"num_pixels": 500},
        {"rules": RULES.replace("none", "median")},
        {"images": {"another.png": dict.fromkeys(METRIC_NAMES, 0.1)}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_incomparable_results_are_in_separate_tables(changes: dict[str, object]) -> None:
    """Other data sets, splits, protocols or photos are in separate tables with different names."""
    boards = make_boards([evaluation("one", 1.1), evaluation("two", 1.2, **changes)])
    assert len(boards) == 2
    assert all(len(board.rows) == 2 for board in boards)
    if "rules" not in changes:
        assert boards[0].heading != boards[1].heading


def test_flip_averaging_is_stated_and_does_not_separate() -> None:
    """Networks with and without flip averaging share a table; each row states it."""
    (board,) = make_boards(
        [evaluation("one", 1.1, flip=True), evaluation("two", 1.2, flip=False)], "rmse"
    )
    text = markdown([board])
    assert "| 1 | one | not known | yes |" in text
    assert "| 2 | two | not known | no |" in text


def test_equal_names_and_guesses() -> None:
    """Two methods of one name are numbered; guesses are shown once, or say whose they are."""
    (board,) = make_boards([evaluation("run", 1.1), evaluation("run", 1.2)])
    assert [row.name for row in board.rows] == ["run", "run (2)", GUESS]
    (board,) = make_boards([evaluation("one", 1.1), evaluation("two", 1.2, guess=1.7)])
    names = [row.name for row in board.rows if row.is_guess]
    assert names == [f"{GUESS}, as scored for one", f"{GUESS}, as scored for two"]


def test_difference_to_the_best_is_paired() -> None:
    """The difference equals that of the paired sums; the best and the guesses have none."""
    (board,) = make_boards([evaluation("two", 1.2), evaluation("one", 1.1)])
    first, second, guess = board.rows
    assert (first.behind, guess.behind) == (None, None)
    assert second.behind == pytest.approx(scored(1.2).difference(scored(1.1))["abs_rel"], rel=1e-6)
    pooled = RULES.replace("per image, then over images", "pooled over pixels")
    boards = make_boards([evaluation(name, 1.1, rules=pooled) for name in "ab"])
    assert all(row.behind is None for row in boards[0].rows)


def test_mean_difference_by_hand() -> None:
    """The mean is NumPy's, and the interval shrinks to it where every image differs alike."""
    values, base = torch.tensor([1.0, 2, 6]).double(), torch.tensor([0.0, 1, 2]).double()
    found = mean_difference(values, base)
    assert found["mean"] == pytest.approx(np.mean([1, 1, 4]))
    assert 1 <= found["low"] < found["mean"] < found["high"] <= 4


def test_bold_is_the_best_method() -> None:
    """The best of each column is bold, in both forms; a guess never is."""
    boards = make_boards([evaluation("one", 1.5, guess=1.1), evaluation("two", 1.7, guess=1.1)])
    lines = markdown(boards).splitlines()
    bold = {line.split("|")[2].strip(): line.count("**") // 2 for line in lines if "| " in line}
    assert bold["one"] >= 5
    assert bold[f"*{GUESS}*"] == 0
    text = page(boards)
    best = boards[0].best("abs_rel")
    assert best == scored(1.5).summary()["abs_rel"]["mean"]
    assert f"<td><b>{best:.3f}</b><small>" in text


def test_page_is_whole_and_odd_names_stay_text() -> None:
    """Tags are closed, nothing is loaded, names are never taken for HTML or Markdown."""
    odd = "<script>x</script> | $title *a*"
    boards = make_boards([evaluation(odd, 1.1), evaluation("two", 1.2)])
    read = Page(page(boards))
    assert read.open == []
    assert odd in read.text
    assert "script" not in {tag for tag, _ in read.tags}
    assert r"\<script\>x\</script\> \| $title \*a\*" in markdown(boards)
