"""Figures of an evaluation come to stand in the card, the README, the graph and the plot."""

import hashlib
import json
from pathlib import Path

import pytest

tools = pytest.importorskip("tools", reason="the tools are not part of the wheel")

from depth_unet.metrics.depth import METRIC_NAMES  # noqa: E402
from tools import cards, figures  # noqa: E402


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of the card of `transfer` and of the README."""
    for name, path in {
        "transfer.md": cards.CARDS / "transfer.md",
        "README.md": cards.README,
    }.items():
        (tmp_path / name).write_bytes(path.read_bytes())
    monkeypatch.setattr(cards, "CARDS", tmp_path)
    monkeypatch.setattr(cards, "README", tmp_path / "README.md")
    return tmp_path


def evaluation(folder: Path) -> Path:
    """Results of an evaluation: .111 for the network, .222 and .333 for the guesses."""
    values = (
        {metric: {"mean": mean, "low": mean - 0.01, "high": mean + 0.01} for metric in METRIC_NAMES}
        for mean in (0.111, 0.222, 0.333)
    )
    network, constant, per_pixel = values
    guesses = {"constant depth": constant, "mean depth per pixel": per_pixel}
    results = {"splits": {"test": network}, "guesses": {"test": guesses}}
    (folder / "metrics.json").write_text(json.dumps(results))
    return folder


def test_figures_are_written_and_read(copies: Path) -> None:
    """Every row changes, other text does not, and the checksum is that of the weights."""
    before = (copies / "transfer.md").read_text(), (copies / "README.md").read_text()
    cards.write_figures("transfer", evaluation(copies))
    card, readme = (copies / "transfer.md").read_text(), (copies / "README.md").read_text()
    assert "| **transfer** | .111 [.101, .121] | .111 [.101, .121] | .111 | .111 [" in card
    assert "| constant depth | .222 [.212, .232] | .222 | .222 | .222 | .222 | .222 |" in card
    assert "| mean depth per pixel | .333 [.323, .343] |" in card
    assert "encoder | 8.65M | 795 | .111 [.101, .121] | .111 [.101, .121] | .111 | .111 [" in readme
    assert "| one constant depth | | 795 | .222 [.212, .232] | .222 | .222 | .222 |" in readme
    for old, new, rows in zip(before, (card, readme), (3, 2), strict=True):
        lines = zip(old.splitlines(), new.splitlines(), strict=True)
        assert sum(one != other for one, other in lines) == rows
    assert cards.read_figures("transfer")["delta3"] == 0.111
    weights = copies / "transfer.safetensors"
    weights.write_bytes(b"others")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cards, "shipped_weights", lambda _: weights)
        cards.write_figures("transfer", evaluation(copies))
    checksum = hashlib.sha256(b"others").hexdigest()
    assert checksum in (copies / "transfer.md").read_text()


def test_table_and_plot(tmp_path: Path) -> None:
    """Milliseconds of both engines and of the rival."""
    times = {"median": 20.0, "low": 19.0, "high": 25.0}
    half = {"median": 2.0, "low": 1.8, "high": 2.2}
    sides = [
        {"network": "transfer", "engine": "PyTorch", "ms": times},
        {"network": "transfer", "engine": "exported", "ms": times, "times_pytorch": half},
        {"network": "METER-XXS", "engine": "exported", "ms": times},
    ]
    latency = {"machine": "x86", "versions": "1", "photo": "640×480", "rounds": 3, "sides": sides}
    text = figures.table(latency)
    assert "| transfer | exported | 20 (19–25) | 2.00 (1.80–2.20) |" in text
    assert "| METER-XXS | exported | 20 (19–25) |  |" in text
    figures.draw(latency, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
