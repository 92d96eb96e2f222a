"""What the cells of a table say, for every form that it is written in."""

from collections.abc import Sequence
from dataclasses import dataclass

from depth_unet.report.evaluation.table import COLUMNS
from depth_unet.report.leaderboard.read import Interval
from depth_unet.report.leaderboard.tables import Board, Row

FLIP = {True: "yes", False: "no", None: "not stated"}
WITH_INTERVAL = ("abs_rel", "rmse", "delta1")
HOW_TO_READ = (
    "Rows of one table were scored on the same photos by the same rules; other photos or other "
    "rules make another table. What each method was trained on is not checked. In brackets are "
    "95 % bootstrap intervals over photos. The best of each column is bold. Guesses look at no "
    "photo, have no place and are never bold."
)
HOW_TO_READ_BEHIND = (
    "The last column is the difference to the best method on the same photos, with the interval of "
    "that difference: where it holds 0, these photos cannot tell the two apart."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A mean as text, its interval or nothing, and whether it is the best of its column."""

    mean: str
    interval: str = ""
    is_best: bool = False


def headings(board: Board) -> list[str]:
    """What stands above the columns; the names of the first ones are those of ``texts``."""
    behind = [f"{COLUMNS[board.metric][:-2]} to the best"] if has_behind(board) else []
    return ["", "method", "weights", "flip averaged", *COLUMNS.values(), *behind]


def texts(board: Board) -> list[tuple[str, str, str, str]]:
    """Place, name, weights and flip averaging of every row."""
    place, shown = 0, []
    for row in board.rows:
        place += not row.is_guess
        number = "" if row.is_guess else str(place)
        shown.append((number, row.name, _weights(row), "" if row.is_guess else FLIP[row.flip]))
    return shown


def cells(board: Board, row: Row) -> list[Cell]:
    """The figures of a row."""
    shown = [_cell(board, row, metric) for metric in COLUMNS]
    if has_behind(board):
        shown.append(_signed(row.behind) if row.behind else Cell(mean=""))
    return shown


def has_behind(board: Board) -> bool:
    """Whether any row is held against the best one."""
    return any(row.behind for row in board.rows)


def notes(boards: Sequence[Board]) -> list[str]:
    """What a reader must know."""
    return [HOW_TO_READ, *([HOW_TO_READ_BEHIND] if any(map(has_behind, boards)) else [])]


def _cell(board: Board, row: Row, metric: str) -> Cell:
    value = row.scores[metric]
    mean = f"{value['mean']:.3f}"
    return Cell(
        mean=mean,
        interval=f"{value['low']:.3f}, {value['high']:.3f}" if metric in WITH_INTERVAL else "",
        is_best=not row.is_guess and mean == f"{board.best(metric):.3f}",
    )


def _signed(value: Interval) -> Cell:
    return Cell(mean=f"{value['mean']:+.4f}", interval=f"{value['low']:+.4f}, {value['high']:+.4f}")


def _weights(row: Row) -> str:
    if row.is_guess:
        return ""
    return "not known" if row.num_weights is None else f"{row.num_weights / 1e6:.2f} M"
