"""The figures in the model cards and in the README: read, and written from an evaluation."""

import hashlib
import json
import re
from pathlib import Path

from depth_unet.model.shipped import shipped_weights

ROOT = Path(__file__).parents[1]
CARDS, README = ROOT / "docs" / "models", ROOT / "README.md"
METRICS = ("abs_rel", "rmse", "log10", "delta1", "delta2", "delta3")
README_METRICS = METRICS[:4]
WITH_INTERVAL = ("abs_rel", "rmse", "delta1")
PROTOCOL = "nyu-eigen, filled depth, flip averaging, 323 official test frames of NYU Depth v2"
PEER, CONSTANT = "METER-XXS", "constant depth"


def read_figures(name: str) -> dict[str, float | str]:
    """The protocol figures of a shipped network, as its card states them."""
    means = _means((CARDS / f"{name}.md").read_text(encoding="utf-8"), f"**{name}**")
    return {"protocol": PROTOCOL, **dict(zip(METRICS, means[-len(METRICS) :], strict=True))}


def peer_abs_rel() -> float:
    """The AbsRel of METER-XXS, as the README states it."""
    return _means(README.read_text(encoding="utf-8"), PEER)[-len(README_METRICS)]


def write_figures(name: str, evaluation: Path) -> None:
    """Write a shipped network's checksum and the figures of its evaluation where they stand.

    Args:
        name: The network.
        evaluation: Folder that ``depth-unet evaluate NAME --split test --flip`` wrote.
    """
    values = json.loads((evaluation / "metrics.json").read_text(encoding="utf-8"))
    network, guesses = values["splits"]["test"], values["guesses"]["test"]
    card, weights = CARDS / f"{name}.md", shipped_weights(name).read_bytes()
    text = card.read_text(encoding="utf-8")
    for label, figures in {f"**{name}**": network, **guesses}.items():
        text = _replaced(text, label, figures, METRICS)
    checksum = hashlib.sha256(weights).hexdigest()
    text = re.sub(r"(SHA-256:\*\* `)[0-9a-f]+", rf"\g<1>{checksum}", text)
    card.write_text(text, encoding="utf-8")
    text = _replaced(README.read_text(encoding="utf-8"), f"[`{name}`]", network, README_METRICS)
    if name == "transfer":
        text = _replaced(text, f"one {CONSTANT}", guesses[CONSTANT], README_METRICS)
    README.write_text(text, encoding="utf-8")


def _row(text: str, label: str) -> re.Match[str]:
    row = re.search(rf"^\| {re.escape(label)}.*\|$", text, re.MULTILINE)
    if row is None:
        raise SystemExit(f"no row of a table begins with {label}; write one")
    return row


def _means(text: str, label: str) -> list[float]:
    """The numbers that cells of a row begin with."""
    cells = _row(text, label)[0].strip("| ").split("|")
    found = (re.match(r"\.?\d[\d.]*(?=$|\s)", cell.strip()) for cell in cells)
    return [float(number[0]) for number in found if number]


def _replaced(
    text: str, label: str, figures: dict[str, dict[str, float]], metrics: tuple[str, ...]
) -> str:
    """A text with other figures in the last cells of a row; intervals stay where they stand."""
    row = _row(text, label)
    cells = row[0].strip("|").split("|")
    for place, metric in enumerate(metrics, start=-len(metrics)):
        mean, low, high = (_short(figures[metric][key]) for key in ("mean", "low", "high"))
        cells[place] = f" {mean} [{low}, {high}] " if "[" in cells[place] else f" {mean} "
    return f"{text[: row.start()]}|{'|'.join(cells)}|{text[row.end() :]}"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
