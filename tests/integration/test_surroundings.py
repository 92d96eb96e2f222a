"""What the shell, a notebook or a pipe around a command must not change."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.commandline import Outcome, start


def run(*arguments: object, **variables: object) -> Outcome:
    """Run a command as a program of its own, with these environment variables."""
    encoding = str(variables.setdefault("PYTHONIOENCODING", "utf-8"))
    process = start(*arguments, variables=variables, encoding=encoding)
    out, err = process.communicate(timeout=120)
    return Outcome(process.returncode, out, err)


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "no-such"])
def test_notebook_backend(backend: str, few_pairs: Path, tmp_path: Path) -> None:
    """A backend of matplotlib in the environment is not used: pictures only go into files."""
    sheet = tmp_path / "sheet.png"
    outcome = run("inspect", few_pairs, "--sheet", sheet, MPLBACKEND=backend)
    assert outcome.code == 0, outcome.err
    assert outcome.err.strip() == ""
    assert outcome.out.endswith(f"wrote {sheet}\n")
    assert sheet.stat().st_size > 10_000


@pytest.fixture(scope="module")
def inspected(few_pairs: Path) -> Outcome:
    """A data set described in UTF-8."""
    return run("inspect", few_pairs)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437"])
def test_narrow_encoding(encoding: str, few_pairs: Path, inspected: Outcome) -> None:
    """A terminal that cannot encode every character gets the whole output, with replacements."""
    outcome = run("inspect", few_pairs, PYTHONIOENCODING=encoding)
    assert outcome.code == 0, outcome.err
    assert outcome.err.strip() == ""
    bar = "█" if encoding == "cp437" else "#"
    assert outcome.out == inspected.out.replace("█", bar)


def test_headings_and_progress_bars_in_ascii(
    few_pairs: Path, run_folder: Path, tmp_path: Path
) -> None:
    """Metrics keep readable names, file names can be read, and a narrow progress bar is whole."""
    out, terminal = tmp_path / "räume", {"FORCE_COLOR": 1, "COLUMNS": 24}
    options = ("--data", few_pairs, "--split", "test", "--out", out)
    outcome = run("evaluate", run_folder, *options, PYTHONIOENCODING="ascii", **terminal)
    assert outcome.code == 0, outcome.err
    assert "AbsRel v" in outcome.out
    assert "d1 ^" in outcome.out
    assert f"wrote {tmp_path}/r\\xe4ume" in outcome.out
    assert "100%" in outcome.err
    assert "\\u" not in outcome.err
    assert (out / "report.html").is_file()


def warning_library(name: str, folder: Path) -> str:
    """A search path on which an installed library warns when it is imported."""
    lines = (
        "import importlib, sys, warnings",
        f"warnings.warn('{name} is deprecated', DeprecationWarning)",
        "path = list(sys.path)",
        f"sys.path = [place for place in path if place != {str(folder)!r}]",
        f"del sys.modules['{name}']",
        f"importlib.import_module('{name}')",
        "sys.path = path",
    )
    folder.mkdir()
    (folder / f"{name}.py").write_text("\n".join(lines))
    spec = importlib.util.find_spec("depth_unet")
    assert spec is not None
    assert spec.origin is not None
    return os.pathsep.join((str(folder), str(Path(spec.origin).parents[1])))


def test_fatal_warnings(photo: Path, tmp_path: Path) -> None:
    """``python -W error`` stops at no warning: a library's and our own are shown, the work done."""
    path, out = warning_library("filelock", tmp_path / "libraries"), tmp_path / "depth"
    options = ("--save", "npy", "--out", out)
    outcome = run("predict", photo, *options, PYTHONWARNINGS="error", PYTHONPATH=path)
    assert outcome.code == 0, outcome.err
    library, ours = outcome.warnings
    assert library == "warning: filelock is deprecated"
    assert ours.startswith("warning: the photo states no focal length")
    assert "Traceback" not in outcome.err
    assert (out / "room_depth.npy").is_file()


@pytest.mark.slow  # processes that render compile first
def test_fatal_warnings_in_other_processes(tmp_path: Path) -> None:
    """So it is in the processes that a command starts."""
    path, out = warning_library("numba", tmp_path / "libraries"), tmp_path / "rooms"
    options = ("--images", 2, "--views", 1, "--size", "32x32", "--samples", 1, "--workers", 2)
    outcome = run("rooms", out, *options, PYTHONWARNINGS="error", PYTHONPATH=path)
    assert outcome.code == 0, outcome.err
    assert "numba is deprecated" in outcome.err
    assert (out / "index.csv").is_file()


def run_with_stderr(redirection: str, *arguments: object) -> int:
    """The exit code of a command whose stderr a shell redirects."""
    words = [sys.executable, "-m", "depth_unet", *map(str, arguments)]
    return subprocess.run(["sh", "-c", f'"$@" {redirection}', "sh", *words], check=False).returncode


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_closed_stderr(photo: Path, tmp_path: Path) -> None:
    """Where nobody can read a warning, the work is done all the same."""
    out = tmp_path / "depth"
    assert run_with_stderr("2>&-", "predict", photo, "--save", "npy", "--out", out) == 0
    assert (out / f"{photo.stem}_depth.npy").is_file()
    assert run_with_stderr("2>&-", "predict", tmp_path / "none.png", "--out", out) == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_stderr(tmp_path: Path) -> None:
    """An error that cannot be written keeps its exit code."""
    assert run_with_stderr("2>/dev/full", "inspect", tmp_path / "none") == 2
