"""``examples/first_hour.ipynb`` runs from the first cell to the last."""

import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbclient import NotebookClient
from traitlets.config import Config

from tests.integration.commandline import depth_unet, no_pictures

NOTEBOOK = Path(__file__).resolve().parents[1] / "examples" / "first_hour.ipynb"
FEW = {"IMAGES": 30, "STEPS": 2}


class Shell(InteractiveShell):
    """The shell of a notebook, whose commands run in this process."""

    def system(self, cmd: str) -> None:
        """Run ``depth-unet ...``; a failure fails the cell."""
        program, *arguments = self.var_expand(cmd, depth=1).split()
        assert program == "depth-unet"
        outcome = depth_unet(*arguments)
        assert outcome.code == 0, outcome.err
        sys.stdout.write(outcome.out + outcome.err)


def run_here(notebook: nbformat.NotebookNode) -> None:
    """Execute the cells in this process, in the current folder."""
    shell = Shell(config=Config({"HistoryManager": {"enabled": False}}))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            with capture_output() as captured:
                result = shell.run_cell(cell.source)
            result.raise_error()
            shown, _ = shell.display_formatter.format(result.result)
            cell.outputs = nbformat.from_dict([{"text": captured.stdout, "data": shown}])


def with_settings(settings: dict[str, int]) -> nbformat.NotebookNode:
    """The notebook with other values of its settings."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for name, value in settings.items():
        cell = next(cell for cell in notebook.cells if f"{name} =" in cell.source)
        cell.source, count = re.subn(rf"(?m)^{name} = \d+", f"{name} = {value}", cell.source)
        assert count == 1
    return notebook


def texts(notebook: nbformat.NotebookNode) -> str:
    """All printed text."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return "".join(output.get("text", "") for output in outputs)


def check(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Commands succeeded, lengths and pictures are there."""
    text = texts(notebook)
    assert "error" not in text.lower().replace("mean relative error", "")
    for start in ("predicted: 30,100 to 130,100: ", "true:      ", "scaled:    30,100"):
        assert start in text
    pictures = [
        output.data["image/png"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 3
    assert all((folder / name).stat().st_size > 0 for name in ("room.ply", "room.glb"))


@pytest.fixture
def _own_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """``!depth-unet`` is the one of this Python; the kernel leaves no history."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")


def test_notebook_has_no_outputs() -> None:
    """Outputs are made by running; stored ones would rot."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)


@pytest.mark.usefixtures("unchecked")
def test_first_hour_in_few_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell runs, with few images and steps, its commands in this process."""
    monkeypatch.chdir(tmp_path)
    notebook = with_settings(FEW)
    with no_pictures():
        run_here(notebook)
    check(notebook, tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("_own_commands")
def test_first_hour(tmp_path: Path) -> None:
    """The whole notebook in a kernel, with programs of their own."""
    notebook = with_settings({})
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=3600, resources=resources).execute()
    check(notebook, tmp_path)
