"""A leaderboard as Markdown, to be pasted into a README, and as a page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from depth_unet.report.evaluation.table import COLUMNS
from depth_unet.report.leaderboard.boards import Board, Row
from depth_unet.report.page import Interval, render

NOT_MEASURED = "–"
FLIP = {True: "yes", False: "no", None: "not stated"}
WITH_INTERVAL = ("abs_rel", "rmse", "delta1")
HOW_TO_READ = (
    "All rows of a table were scored on the same photos by the same rules; results with other "
    "photos or rules are in separate tables. What each method was trained on is not checked. "
    "Brackets hold 95 % bootstrap intervals over photos. The best method in each column is bold. "
    "Guesses do not look at the photo; they are neither ranked nor bold."
)
HOW_TO_READ_BEHIND = (
    "The last column is the difference from the best method on the same photos, with the interval "
    "of that difference. Where the interval contains 0, these photos show no clear winner."
)
MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A mean and its interval (may be empty) as text, and whether it is the best in its column."""

    mean: str
    interval: str = ""
    is_best: bool = False


def page(boards: Sequence[Board]) -> str:
    """All tables as a page of HTML."""
    return render(
        "leaderboard.html",
        title="Leaderboard: depth from one photo",
        boards=boards,
        notes=notes(boards),
        headings=headings,
        labels=labels,
        cells=cells,
    )


def markdown(boards: Sequence[Board]) -> str:
    """A page of Markdown with all tables."""
    return "\n\n".join(("# Leaderboard", *notes(boards), tables(boards))) + "\n"


def tables(boards: Sequence[Board]) -> str:
    """All tables as Markdown, each under its heading and its rules."""
    parts = list[str]()
    for board in boards:
        parts += [f"## {_plain(board.heading)}", f"Protocol {_plain(board.rules)}.", _table(board)]
    return "\n\n".join(parts)


def headings(board: Board) -> list[str]:
    """The headings of the columns: first those of ``labels``, then those of ``cells``."""
    behind = [f"{COLUMNS[board.metric][:-2]} to the best"] if board.has_behind() else []
    return ["", "method", "weights", "flip averaged", *COLUMNS.values(), *behind]


def labels(board: Board) -> list[tuple[str, str, str, str]]:
    """Place, name, number of weights and flip averaging of every row; guesses only have a name."""
    place, found = 0, []
    for row in board.rows:
        if row.is_guess:
            found.append(("", row.name, "", ""))
            continue
        place += 1
        weights = "not known" if row.num_weights is None else f"{row.num_weights / 1e6:.2f} M"
        found.append((str(place), row.name, weights, FLIP[row.flip]))
    return found


def cells(board: Board, row: Row) -> list[Cell]:
    """The figures of a row."""
    found = [_cell(board, row, metric) for metric in COLUMNS]
    if board.has_behind():
        found.append(_signed(row.behind) if row.behind else Cell(mean=""))
    return found


def notes(boards: Sequence[Board]) -> list[str]:
    """How to read the tables."""
    behind = any(board.has_behind() for board in boards)
    return [HOW_TO_READ, HOW_TO_READ_BEHIND] if behind else [HOW_TO_READ]


def _cell(board: Board, row: Row, metric: str) -> Cell:
    if metric not in row.scores:
        return Cell(mean=NOT_MEASURED)
    value = row.scores[metric]
    mean = f"{value['mean']:.3f}"
    return Cell(
        mean=mean,
        interval=f"{value['low']:.3f}, {value['high']:.3f}" if metric in WITH_INTERVAL else "",
        is_best=not row.is_guess and mean == f"{board.best(metric):.3f}",
    )


def _signed(value: Interval) -> Cell:
    return Cell(mean=f"{value['mean']:+.4f}", interval=f"{value['low']:+.4f}, {value['high']:+.4f}")


def _table(board: Board) -> str:
    columns = headings(board)
    lines = [_line(columns), "|---|---|" + "---:|" * (len(columns) - 2)]
    for row, (place, name, *others) in zip(board.rows, labels(board), strict=True):
        shown = f"*{_plain(name)}*" if row.is_guess else _plain(name)
        lines.append(_line([place, shown, *others, *map(_bold, cells(board, row))]))
    return "\n".join(lines)


def _bold(cell: Cell) -> str:
    mean = f"**{cell.mean}**" if cell.is_best else cell.mean
    return f"{mean} [{cell.interval}]" if cell.interval else mean


def _line(values: Sequence[str]) -> str:
    return f"| {' | '.join(values)} |"


def _plain(text: str) -> str:
    """Text with everything escaped that Markdown would interpret."""
    return MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(text.split()))
