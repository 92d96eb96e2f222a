"""The README says what is true: its commands run, its files exist."""

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from depth_unet.cli.main import main
from depth_unet.recipes import RECIPES
from examples.box_rooms import write_box_rooms

README = Path(__file__).resolve().parents[1] / "README.md"
SHORTER = ["--steps", "2", "--batch-size", "4", "--validate-every", "2"]


@pytest.mark.filterwarnings("ignore:the photo states no focal length")
def test_use_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command under Use, then the Python below it, runs in a fresh folder."""
    monkeypatch.chdir(tmp_path)
    write_box_rooms(Path("my_rooms"), rooms=10, frames=2, test_rooms=1)
    Image.new("RGB", (64, 48), "tan").save("photo.jpg")
    use = README.read_text(encoding="utf-8").split("\n## Use\n")[1].split("\n## ")[0]
    commands = [
        shlex.split(line)
        for line in _block(use, "console").splitlines()
        if line.startswith("depth-unet ")
    ]
    assert [command[1] for command in commands] == ["prepare", "train", "evaluate", "predict"]
    for _, *arguments in commands:
        shorter = SHORTER if arguments[0] == "train" else []
        assert main([*arguments, *shorter]) == 0
    exec(compile(_block(use, "python"), str(README), "exec"), {})  # ours


def test_links_lead_somewhere() -> None:
    """Every relative link of the README is a file or folder of the repository."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []


def test_every_recipe_is_listed() -> None:
    """The table of recipes names each one, and no other."""
    table = README.read_text(encoding="utf-8").split("\n## Recipes\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([\w-]+)`", table, re.MULTILINE)) == set(RECIPES)


def _block(text: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]
