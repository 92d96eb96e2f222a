"""``make demo``: its commands, and a result that stands."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from depth_unet.cli import main as command_line
from examples.box_rooms import write_box_rooms
from tests.docs.blocks import blocks_of
from tests.report.page import Page
from tests.test_readme import GETTING_STARTED

ROOT = Path(__file__).resolve().parents[1]
COMMAND = " -m depth_unet "
UNDOCUMENTED = re.compile(r" --(?:overwrite|preview|validate-every \d+)")
BAR = 0.65

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


@pytest.fixture
def environment(tmp_path: Path) -> str:
    """``VENV=...``: an environment that counts as installed and runs this Python."""
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (tmp_path / "venv" / ".ready").touch()
    return f"VENV={tmp_path / 'venv'}"


def make(*words: str) -> str:
    """What ``make`` prints to standard output."""
    return subprocess.run(
        ["make", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    ).stdout


def commands_of(*words: str) -> list[list[str]]:
    """The arguments of every command of ``depth-unet`` that ``make demo`` would run."""
    lines = make("--dry-run", "demo", *words).replace("\\\n", " ").splitlines()
    return [shlex.split(line.split(COMMAND)[1]) for line in lines if COMMAND in line]


def test_photos_come_first(environment: str) -> None:
    """Before anything is rendered, three photos of the repository are predicted."""
    commands = commands_of(environment)
    assert [words[0] for words in commands] == ["predict", "rooms", "train", "evaluate", "compare"]
    photos = ROOT / commands[0][1]
    assert sorted(path.suffix for path in photos.iterdir()) == [".jpg"] * 3
    assert "--weights" not in commands[0]
    assert commands[4][1] == "transfer"  # beside the new network


def test_documented_commands(environment: str) -> None:
    """The page for beginners shows the commands that the demo runs."""
    shown = [
        shlex.split(UNDOCUMENTED.sub("", shlex.join(words)))
        for words in commands_of(environment, "DEMO=demo")
    ]
    assert shown in [block.commands for block in blocks_of(GETTING_STARTED)]


@pytest.mark.parametrize("given", [(), ("DATA=pairs",)], ids=["rooms", "data"])
def test_commands_are_valid(
    environment: str, given: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command has options and values that exist, with DATA too."""
    monkeypatch.setattr(
        command_line, "_import", lambda _: SimpleNamespace(run=lambda _arguments: [])
    )
    write_box_rooms(tmp_path / "pairs", rooms=1, frames=1, test_rooms=0)
    data = [f"DATA={tmp_path / name.removeprefix('DATA=')}" for name in given]
    commands = commands_of(environment, *data)
    if given:
        assert [words[0] for words in commands] == ["predict", "prepare", "train", "evaluate"]
    for words in commands:
        assert command_line.main(words) == 0, words


@pytest.mark.slow  # a minute
def test_demo_takes_a_folder(environment: str, tmp_path: Path) -> None:
    """With DATA the network is trained and evaluated on that folder; all that is named exists."""
    write_box_rooms(tmp_path / "pairs", rooms=20, frames=5, test_rooms=2)
    out = make(
        "demo", environment, f"DEMO={tmp_path}/demo", f"DATA={tmp_path}/pairs", "DEMO_STEPS=2"
    )
    assert_named_files_exist(out)
    assert "comparison" not in out
    metrics = json.loads((tmp_path / "demo" / "evaluation" / "metrics.json").read_text("utf-8"))
    assert set(metrics["splits"]) == {"seen", "unseen", "test"}


@pytest.mark.slow  # five minutes on two cores
def test_result_stands(environment: str, tmp_path: Path) -> None:
    """The new network is clearly better than any guess, in rooms that it never saw too."""
    demo = tmp_path / "demo"
    out = make("demo", environment, f"DEMO={demo}")
    assert_named_files_exist(out)
    metrics = json.loads((demo / "evaluation" / "metrics.json").read_text("utf-8"))
    for split in ("seen", "unseen", "test"):
        network = metrics["splits"][split]["abs_rel"]
        guesses = [scores["abs_rel"] for scores in metrics["guesses"][split].values()]
        assert network["high"] < min(guess["low"] for guess in guesses), split
        assert network["mean"] <= BAR * min(guess["mean"] for guess in guesses), split
    text = Page((demo / "evaluation" / "report.html").read_text("utf-8")).text
    assert "The network is clearly better." in text
    assert "started from ImageNet" in text
    assert "are synthetic" in text
    compared = json.loads((demo / "comparison" / "comparison.json").read_text("utf-8"))
    assert set(compared["splits"]["test"]["scores"]) == {"weights/transfer", "run"}


def assert_named_files_exist(out: str) -> None:
    """Every path that the last lines of the demo name is there."""
    named = re.findall(r"^  (/\S+)$", out.partition("Look at:")[2], re.MULTILINE)
    assert len(named) >= 2
    for path in map(Path, named):
        assert list(path.parent.glob(path.name)), path
