"""The tables as one page that needs nothing else, not even a network."""

from collections.abc import Sequence
from html import escape

from depth_unet import __version__
from depth_unet.report.evaluation.markup import cell, chart, document, paragraphs, scrolling_table
from depth_unet.report.leaderboard.cells import Cell, cells, headings, notes, texts
from depth_unet.report.leaderboard.tables import Board, Row
from depth_unet.report.page import percent

CAPTION = "Means with 95 % intervals; RMSE in metres"


def page(boards: Sequence[Board]) -> str:
    """The whole page as HTML 5: no script, nothing loaded, light or dark as the reader's system."""
    return document(
        title="Leaderboard: depth from one photo",
        lede="\n".join(f'<p class="lede">{escape(_answer(board))}</p>' for board in boards),
        sections=[
            *((board.heading, _section(board)) for board in boards),
            ("How to read it", paragraphs(notes(boards))),
        ],
        footer=f"Written by depth-unet {__version__}.",
    )


def _answer(board: Board) -> str:
    """Who is first, and by how much."""
    methods = [row for row in board.rows if not row.is_guess]
    first = methods[0]
    text = (
        f"{board.heading}: “{first.name}” is first of {len(methods)}, off by "
        f"{percent(first.scores['abs_rel']['mean'])} on average."
    )
    if len(methods) > 1 and methods[1].behind is not None:
        gap = methods[1].behind
        sure = "these photos cannot tell it from" if gap["low"] <= 0 <= gap["high"] else "ahead of"
        text = f"{text[:-1]}; {sure} “{methods[1].name}”."
    return text


def _section(board: Board) -> str:
    most = max(row.scores["abs_rel"]["high"] for row in board.rows) or 1.0
    bars = [
        (
            row.name,
            _attributes(row),
            row.scores["abs_rel"],
            percent(row.scores["abs_rel"]["mean"]),
        )
        for row in board.rows
    ]
    rows = "\n".join(
        _row(board, row, first) for row, first in zip(board.rows, texts(board), strict=True)
    )
    _, *others = (escape(text) for text in headings(board))  # the place is in the method's cell
    scale = f"Mean error and its 95 % interval, from 0 to {percent(most)}"
    return (
        f"{chart(bars, most, scale)}\n"
        f"{scrolling_table(others, rows, CAPTION)}\n"
        f'<pre class="line"><code>{escape(f"protocol {board.rules}")}</code></pre>'
    )


def _row(board: Board, row: Row, first: tuple[str, str, str, str]) -> str:
    place, name, *others = (escape(text) for text in first)
    label = f"{place}. {name}" if place else name
    plain = "".join(f"<td>{text}</td>" for text in others)
    figures = "".join(_cell(one) for one in cells(board, row))
    return f'<tr><th scope="row">{label}</th>{plain}{figures}</tr>'


def _cell(one: Cell) -> str:
    return cell(f"<b>{one.mean}</b>" if one.is_best else one.mean, one.interval)


def _attributes(row: Row) -> str:
    return "" if row.is_guess else ' class="network"'
