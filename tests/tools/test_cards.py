"""Facts of an evaluation and of a card come to stand in the README, the licence and the plot."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

tools = pytest.importorskip("tools", reason="the tools are not part of the wheel")

from depth_unet.metrics.depth import METRIC_NAMES  # noqa: E402
from tools import cards, figures  # noqa: E402


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of the cards, of the README and of the licence of the weights."""
    for path in (*cards.CARDS.glob("*.md"), cards.README, cards.TERMS):
        shutil.copyfile(path, tmp_path / path.name)
    monkeypatch.setattr(cards, "CARDS", tmp_path)
    monkeypatch.setattr(cards, "README", tmp_path / "README.md")
    monkeypatch.setattr(cards, "TERMS", tmp_path / "LICENSE.md")
    return tmp_path


def evaluations(folder: Path) -> Path:
    """Results of evaluations: .111 metric, .444 and .777 aligned, .222 and .333 for the guesses."""
    means = {
        "transfer": (0.111, 0.222, 0.333),
        "transfer-median": (0.444, 0.555, 0.666),
        "transfer-log_scale_shift": (0.777, 0.555, 0.666),
    }
    for name, values in means.items():
        network, constant, per_pixel = (
            {metric: {"mean": v, "low": v - 0.01, "high": v + 0.01} for metric in METRIC_NAMES}
            for v in values
        )
        guesses = {"constant depth": constant, "mean depth per pixel": per_pixel}
        results = {"splits": {"test": network}, "guesses": {"test": guesses}}
        (folder / name).mkdir()
        (folder / name / "metrics.json").write_text(json.dumps(results))
    return folder


def num_changed(before: str, after: str) -> int:
    """How many lines differ."""
    lines = zip(before.splitlines(), after.splitlines(), strict=True)
    return sum(one != other for one, other in lines)


def test_figures_are_written_and_read(copies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row of a card changes, other text does not, and the checksum is that of the weights."""
    path, weights = copies / "transfer.md", copies / "transfer.safetensors"
    before = path.read_text()
    cards.write_figures("transfer", evaluations(copies))
    card = path.read_text()
    assert "| **transfer** | .111 [.101, .121] | .111 [.101, .121] | .111 | .111 [" in card
    assert "| median-aligned, no flip | .444 [.434, .454] | .444 [.434, .454] | .444 |" in card
    assert "| constant depth | .222 [.212, .232] | .222 | .222 | .222 | .222 | .222 |" in card
    assert "| mean depth per pixel | .333 [.323, .343] |" in card
    assert "| log-aligned, no flip | .777 [.767, .787] | .777 [.767, .787] | .777 |" in card
    assert num_changed(before, card) == 5
    assert cards.read_figures("transfer")["delta3"] == 0.111
    weights.write_bytes(b"others")
    monkeypatch.setattr(cards, "shipped_weights", lambda _: weights)
    cards.write_figures("transfer", copies)
    assert hashlib.sha256(b"others").hexdigest() in path.read_text()


def test_tables_repeat_the_cards(copies: Path) -> None:
    """In the repository they are those of `make figures`; a changed card changes a row of each."""
    before = [(copies / name).read_text() for name in ("README.md", "LICENSE.md")]
    cards.write_tables()
    assert [(copies / name).read_text() for name in ("README.md", "LICENSE.md")] == before
    cards.write_figures("transfer", evaluations(copies))
    cards.write_tables()
    assert cards.peer_abs_rel() == 0.160
    readme = (copies / "README.md").read_text()
    card = (copies / "transfer.md").read_text()
    data = f"| {card.partition('**Trained on:** ')[2].partition(chr(10))[0]}"
    link = "| [`transfer`](docs/models/transfer.md) | 8.6M "
    constant = (
        "| one constant depth | | the last phase's images of `transfer` | .222 [.212, .232] |"
    )
    assert f"{constant} .222 | .222 | .222 |" in readme
    interval = "[.101, .121]"
    rows = readme.splitlines()
    metric = f"{link}{data} | .111 {interval} | .111 {interval} | .111 | .111 {interval} |"
    assert rows[rows.index(metric) - 1].startswith("| one constant depth |"), "sorted by δ1"
    assert f"{link}{data} | us, 323 frames | median | .444 [.434, .454] |" in readme
    assert f"{link}{data} | us, 323 frames | least squares in log depth | .777 [" in readme


def test_a_card_and_weights_are_all_of_a_family(
    copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third family comes into every table, with its own licence."""
    text = (copies / "transfer.md").read_text().replace("transfer", "rendered")
    licence, data = "LicenseRef-Research-Use", "- **Trained on:** "
    text = text.replace(licence, "Apache-2.0").replace(data, f"{data}rendered rooms, not ")
    (copies / "rendered.md").write_text(text)
    monkeypatch.setattr(cards, "shipped_names", lambda: ["rendered", "scratch", "transfer"])
    cards.write_tables()
    readme, terms = ((copies / name).read_text() for name in ("README.md", "LICENSE.md"))
    assert (
        readme.count("| [`rendered`](docs/models/rendered.md) | 8.6M | rendered rooms, not ") == 3
    )
    for page in (readme, terms):
        assert "| `rendered` | `Apache-2.0` | yes |\n| `scratch` | `LicenseRef-Res" in page
        assert "| `transfer` | `LicenseRef-Research-Use` | no |\n<!-- end -->" in page


def test_what_is_missing_is_named(copies: Path) -> None:
    """A card without a fact, and a page without its marker, are named with what to write."""
    (copies / "scratch.md").write_text("# Model card: `scratch`\n")
    with pytest.raises(SystemExit, match="the card of scratch states no licence; write it as"):
        cards.write_tables()
    page = copies / "page.md"
    page.write_text("<!-- latency -->\n")
    with pytest.raises(SystemExit, match=r"page.md has no lines between <!-- latency --> and"):
        cards.fill(page, "latency", str.upper)


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
