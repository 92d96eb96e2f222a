"""README and the page for beginners: commands run, options exist, links lead somewhere."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from depth_unet.cli import main as command_line
from examples.box_rooms import write_box_rooms
from tests.integration.commandline import no_pictures

ROOT = Path(__file__).resolve().parents[1]
README, GETTING_STARTED = ROOT / "README.md", ROOT / "docs" / "getting_started.md"
SHORTER = ["--steps", "2", "--batch-size", "4", "--validate-every", "2"]

both_pages = pytest.mark.parametrize("page", [README, GETTING_STARTED], ids=lambda page: page.name)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.filterwarnings("ignore:the photo states no focal length")
def test_training_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands from data to prediction, then the Python below them, run in a fresh folder."""
    monkeypatch.chdir(tmp_path)
    write_box_rooms(Path("my_rooms"), rooms=10, frames=2, test_rooms=1)
    Image.new("RGB", (64, 48), "tan").save("photo.jpg")
    (block,) = [lines for lines in commands_on(README) if len(lines) > 3]
    assert [line[0] for line in block] == ["prepare", "train", "evaluate", "predict"]
    with no_pictures():
        for line in block:
            shorter = SHORTER if line[0] == "train" else []
            assert command_line.main([*line, *shorter]) == 0
    exec(compile(_python(README), str(README), "exec"), {})  # ours


def test_the_pages_agree() -> None:
    """The page for beginners shows the commands and the Python that the README shows."""
    (commands,) = [lines for lines in commands_on(README) if len(lines) > 3]
    assert commands in [lines[-4:] for lines in commands_on(GETTING_STARTED)]
    assert _python(GETTING_STARTED) == _python(README)


@both_pages
def test_commands_are_valid(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command has options and values that exist."""
    monkeypatch.setattr(
        command_line, "_import", lambda _: SimpleNamespace(run=lambda _arguments: [])
    )
    lines = [line for block in commands_on(page) for line in block]
    assert lines
    for line in lines:
        assert command_line.main(line) == 0, line


@both_pages
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link is a file or folder of the repository."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_first_screen_predicts() -> None:
    """The README shows one picture, and how to predict, within twenty lines."""
    top = "\n".join(README.read_text(encoding="utf-8").splitlines()[:20])
    assert "depth-unet predict photo.jpg" in top
    assert "![" in top


def commands_on(page: Path) -> Iterator[list[list[str]]]:
    """The arguments of the ``depth-unet`` commands of every console block."""
    for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        yield [
            shlex.split(line, comments=True)[1:]
            for line in block.splitlines()
            if line.startswith("depth-unet ")
        ]


def _python(page: Path) -> str:
    found = re.search(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]
