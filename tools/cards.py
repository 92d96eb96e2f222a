"""The facts and figures of the model cards: read, and written where else they stand."""

import hashlib
import json
import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

from depth_unet.model.shipped import WEIGHTS, shipped_names, shipped_weights

ROOT = Path(__file__).parents[1]
CARDS, README, TERMS = ROOT / "docs" / "models", ROOT / "README.md", WEIGHTS / "LICENSE.md"
METRICS = ("abs_rel", "rmse", "log10", "delta1", "delta2", "delta3")
PROTOCOL = "nyu-eigen, filled depth, flip averaging, 323 official test frames of NYU Depth v2"
PEER, CONSTANT = "METER-XXS", "constant depth"
# For values of `evaluate --align`: how a row of a card begins, and what the README says.
ALIGNED = {
    "median": ("median-aligned", "median"),
    "log_scale_shift": ("log-aligned", "least squares in log depth"),
}
RESEARCH = "LicenseRef-Research-Use"


def read_figures(name: str) -> dict[str, float | str]:
    """The protocol figures of a shipped network, as its card states them."""
    means = _means(_read_card(name), f"**{name}**")
    return {"protocol": PROTOCOL, **dict(zip(METRICS, means[-len(METRICS) :], strict=True))}


def read_licence(name: str) -> str:
    """The SPDX name of a shipped network's licence, as its card states it."""
    return _find(name, "licence", r"- \*\*Licence:\*\* `([\w.-]+)`")


def peer_abs_rel() -> float:
    """The AbsRel of METER-XXS, as the README states it."""
    return _means(README.read_text(encoding="utf-8"), PEER)[-4]


def write_figures(name: str, evaluations: Path) -> None:
    """Write a shipped network's checksum and the figures of its evaluations into its card.

    Args:
        name: The network.
        evaluations: Folder with ``NAME``, which ``depth-unet evaluate NAME --split test --flip``
            wrote, and ``NAME-ALIGN`` for each of ``ALIGNED``, written with ``--align ALIGN``.
    """
    values = _results(evaluations / name)
    text = _read_card(name)
    for label, figures in {
        f"**{name}**": values["splits"]["test"],
        **{
            label: _results(evaluations / f"{name}-{align}")["splits"]["test"]
            for align, (label, _) in ALIGNED.items()
        },
        **values["guesses"]["test"],
    }.items():
        text = _replaced(text, label, figures)
    checksum = hashlib.sha256(shipped_weights(name).read_bytes()).hexdigest()
    text = re.sub(r"(SHA-256:\*\* `)[0-9a-f]+", rf"\g<1>{checksum}", text)
    (CARDS / f"{name}.md").write_text(text, encoding="utf-8")


def write_tables() -> None:
    """Write the tables of the README, and the licences beside the weights, from all cards."""
    licences = licence_table()
    fill(README, "metric", lambda old: _with_rows(old, metric_rows))
    fill(README, "aligned", lambda old: _with_rows(old, aligned_rows))
    fill(README, "licences", lambda _: licences)
    fill(TERMS, "licences", lambda _: licences)


def metric_rows(name: str) -> list[str]:
    """A network's row in the README, metric."""
    return [_join(*_described(name), *_cells(name, f"**{name}**")[:4])]


def aligned_rows(name: str) -> list[str]:
    """A network's rows in the README, one for each way of aligning."""
    rows = []
    for label, fitted_by in ALIGNED.values():
        abs_rel, rmse, _, delta1, *_ = _cells(name, label)
        described = (*_described(name), "us, 323 frames", fitted_by)
        rows.append(_join(*described, abs_rel, rmse, delta1))
    return rows


def licence_table() -> str:
    """Which weights are under which licence, as Markdown."""
    lines = ["| Weights | Licence | May be used in a product |", "|---|---|---|"]
    for name in shipped_names():
        licence = read_licence(name)
        lines.append(_join(f"`{name}`", f"`{licence}`", "no" if licence == RESEARCH else "yes"))
    return "\n".join((*lines, ""))


def fill(page: Path, marker: str, write: Callable[[str], str]) -> None:
    """Replace what stands between ``<!-- MARKER -->`` and the next ``<!-- end -->`` of a page.

    Args:
        page: The page.
        marker: Where to write.
        write: Returns the new lines, given the old ones.
    """
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {marker} -->\n", "<!-- end -->"
    before, found, rest = text.partition(begin)
    if not found or end not in rest:
        raise SystemExit(f"{page.name} has no lines between {begin.strip()} and {end}; write them")
    old, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}{write(old)}{end}{after}", encoding="utf-8")


def _results(evaluation: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((evaluation / "metrics.json").read_text(encoding="utf-8"))
    return facts


def _with_rows(table: str, rows_of: Callable[[str], list[str]]) -> str:
    """A table with today's rows of the shipped networks, sorted by δ1, its last column."""
    head, line, *rows = table.splitlines()
    others = [_updated(row) for row in rows if not row.startswith("| [`")]
    ours = chain.from_iterable(map(rows_of, shipped_names()))
    rows = sorted([*others, *ours], key=_delta1, reverse=True)
    return "\n".join((head, line, *rows, ""))


def _updated(row: str) -> str:
    """A row without a card; the figures of the constant depth are in that of `transfer`."""
    if not row.startswith(f"| one {CONSTANT} "):
        return row
    described = "|".join(row.split("|")[:4])
    return f"{described}{_join(*_cells('transfer', CONSTANT)[:4])}"


def _delta1(row: str) -> float:
    return float(_parts(row)[-1].partition(" ")[0])


def _described(name: str) -> tuple[str, str, str]:
    """Link, size and training data of a network, for the README."""
    count = int(_find(name, "number of parameters", r"([\d,]+) parameters").replace(",", ""))
    data = _find(name, "training data", r"- \*\*Trained on:\*\* (.+)")
    return f"[`{name}`](docs/models/{name}.md)", f"{count / 10**6:.1f}M", data


def _read_card(name: str) -> str:
    return (CARDS / f"{name}.md").read_text(encoding="utf-8")


def _find(name: str, what: str, pattern: str) -> str:
    found = re.search(pattern, _read_card(name))
    if found is None:
        raise SystemExit(f"the card of {name} states no {what}; write it as the other cards do")
    return found[1]


def _cells(name: str, label: str) -> list[str]:
    """The figures in a row of a card, as text."""
    return _parts(_row(_read_card(name), label)[0])[-len(METRICS) :]


def _parts(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def _join(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _row(text: str, label: str) -> re.Match[str]:
    row = re.search(rf"^\| {re.escape(label)}.*\|$", text, re.MULTILINE)
    if row is None:
        raise SystemExit(f"no row of a table begins with {label}; write one")
    return row


def _means(text: str, label: str) -> list[float]:
    """The numbers that cells of a row begin with."""
    found = (re.match(r"\.?\d[\d.]*(?=$|\s)", cell) for cell in _parts(_row(text, label)[0]))
    return [float(number[0]) for number in found if number]


def _replaced(text: str, label: str, figures: dict[str, dict[str, float]]) -> str:
    """A text with other figures in the last cells of a row; intervals stay where they stand."""
    row = _row(text, label)
    cells = row[0].strip("|").split("|")
    for place, metric in enumerate(METRICS, start=-len(METRICS)):
        mean, low, high = (_short(figures[metric][key]) for key in ("mean", "low", "high"))
        cells[place] = f" {mean} [{low}, {high}] " if "[" in cells[place] else f" {mean} "
    return f"{text[: row.start()]}|{'|'.join(cells)}|{text[row.end() :]}"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
