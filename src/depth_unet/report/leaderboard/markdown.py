"""The tables as Markdown, to be pasted into a README."""

import re
from collections.abc import Sequence

from depth_unet.report.leaderboard.cells import Cell, cells, headings, notes, texts
from depth_unet.report.leaderboard.tables import Board

SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")


def markdown(boards: Sequence[Board]) -> str:
    """All tables, each under its heading and its rules."""
    parts = ["# Leaderboard", *notes(boards)]
    for board in boards:
        parts += [f"## {_plain(board.heading)}", f"Protocol {_plain(board.rules)}.", _table(board)]
    return "\n\n".join(parts) + "\n"


def _table(board: Board) -> str:
    named = headings(board)
    lines = [_line(named), "|---|---|" + "---:|" * (len(named) - 2)]
    for row, first in zip(board.rows, texts(board), strict=True):
        name = f"*{_plain(row.name)}*" if row.is_guess else _plain(row.name)
        figures = [_cell(cell) for cell in cells(board, row)]
        lines.append(_line([first[0], name, *first[2:], *figures]))
    return "\n".join(lines)


def _cell(cell: Cell) -> str:
    mean = f"**{cell.mean}**" if cell.is_best else cell.mean
    return f"{mean} [{cell.interval}]" if cell.interval else mean


def _line(values: Sequence[str]) -> str:
    return f"| {' | '.join(values)} |"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
