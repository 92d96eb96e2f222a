"""``~`` is the home folder wherever a path may stand."""

import io
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

import depth_unet as package
from depth_unet.cli import main as program
from tests.integration.commandline import assert_refused, depth_unet

PLACES = {
    "predict": ["{a}", "--out={b}", "--weights={c}", "--camera={d}"],
    "train seed": ["--data={a}", "--out={b}", "--fold={c}.csv:1", "--init={d}"],
    "search seed": ["--data={a}:2", "--out={b}"],
    "evaluate": ["{a}", "--data={b}", "--predictions={c}", "--out={d}"],
    "compare": ["{a}", "{b}", "--data={c}", "--out={d}"],
    "leaderboard": ["{a}", "{b}", "--out={c}.md"],
    "export": ["{a}", "{b}", "--average={c}"],
    "inspect": ["{a}", "--sheet={b}"],
    "prepare": ["{a}", "{b}", "--labels={c}"],
    "rooms": ["{a}", "--furniture={b}"],
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, and another folder to be in."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"


@pytest.mark.parametrize("command", PLACES)
def test_every_path_of_every_command(
    command: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options and operands get the same paths, whether the shell or we expand them."""
    parsed = list[Any]()
    recorder = SimpleNamespace(run=lambda arguments: parsed.append(arguments) or [])
    monkeypatch.setattr(program, "_import", lambda _: recorder)
    for folder in ("~", str(home)):
        names = {name: f"{folder}/{name}" for name in "abcd"}
        words = [word.format(**names) for word in PLACES[command]]
        assert depth_unet(*command.split(), *words).code == 0
    assert "~" not in repr(parsed[0])
    assert parsed[0] == parsed[1]


@pytest.mark.parametrize("option", ["--out=~/depth", "-o=~/depth", "-o~/depth", "--out|~/depth"])
def test_results_at_home(home: Path, option: str) -> None:
    """The output folder is made at home, and none is called ``~``."""
    Image.new("RGB", (64, 48)).save(home / "photo.png")
    outcome = depth_unet("predict", home / "photo.png", *option.split("|"), "--save", "npy")
    assert outcome.code == 0, outcome.err
    assert (home / "depth" / "photo_depth.npy").is_file()
    assert list(Path.cwd().iterdir()) == []


def test_resume_at_home(home: Path) -> None:
    """A run to resume is looked for at home."""
    assert_refused(depth_unet("train", "--resume=~/run"), str(home / "run"))


def test_names_with_a_tilde(home: Path) -> None:
    """A tilde elsewhere, and one before a name that is no user's, belong to the name."""
    for name in ("~no user.png", "a~b.png"):
        Image.new("RGB", (64, 48)).save(name)
        assert depth_unet("predict", name, "--out=depth~", "--save", "npy").code == 0
    found = {path.name for path in Path("depth~").glob("*.npy")}
    assert found == {"~no user_depth.npy", "a~b_depth.npy"}
    assert list(home.iterdir()) == []


def test_names_on_standard_input(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names in a list are expanded as those on the command line are."""
    for name in ("a", "b"):
        Image.new("RGB", (64, 48)).save(home / f"{name}.png")
    listed = io.BytesIO(b"~/a.png\n~/b.png\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(listed))
    outcome = depth_unet("predict", "-", "--out=depth", "--save", "npy")
    assert outcome.code == 0, outcome.err
    assert {path.name for path in Path("depth").glob("*.npy")} == {"a_depth.npy", "b_depth.npy"}


def test_python(home: Path) -> None:
    """Text is expanded by ``load``, ``predict`` and ``save``; a ``Path`` is not."""
    Image.new("RGB", (64, 48)).save(home / "photo.png")
    shipped = Path(package.__file__).parent / "weights" / "transfer.safetensors"
    shutil.copyfile(shipped, home / "mine.safetensors")
    prediction = package.load("~/mine.safetensors").predict("~/photo.png")
    prediction.save("~/text.json")
    assert (home / "text.json").is_file()
    assert not Path("~").exists()
    prediction.save(Path("~/path.json"))
    assert [path.name for path in Path("~").iterdir()] == ["path.json"]
    with pytest.raises(package.DataError, match="does not exist"):
        package.load().predict(Path("~/photo.png"))
