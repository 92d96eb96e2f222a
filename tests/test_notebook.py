"""``examples/first_hour.ipynb`` runs from the first cell to the last."""

import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[1] / "examples" / "first_hour.ipynb"
FEW = {"IMAGES": 30, "STEPS": 2}


def run(folder: Path, settings: dict[str, int], timeout_s: int) -> nbformat.NotebookNode:
    """Execute the notebook in a folder, with other values of its settings."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for name, value in settings.items():
        cell = next(cell for cell in notebook.cells if f"{name} =" in cell.source)
        cell.source, count = re.subn(rf"(?m)^{name} = \d+", f"{name} = {value}", cell.source)
        assert count == 1
    NotebookClient(
        notebook, timeout=timeout_s, resources={"metadata": {"path": str(folder)}}
    ).execute()
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


@pytest.mark.usefixtures("_own_commands")
def test_first_hour_in_few_steps(tmp_path: Path) -> None:
    """Every cell runs, with few images and steps."""
    check(run(tmp_path, FEW, timeout_s=240), tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("_own_commands")
def test_first_hour(tmp_path: Path) -> None:
    """The whole notebook; the network is better than both guesses on test rooms."""
    notebook = run(tmp_path, {}, timeout_s=3600)
    check(notebook, tmp_path)
