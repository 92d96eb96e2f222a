"""What the shell, a notebook or a pipe around a command must not change."""

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


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437"])
def test_narrow_encoding(encoding: str, few_pairs: Path) -> None:
    """A terminal that cannot encode every character gets the whole output, with replacements."""
    expected = run("inspect", few_pairs)
    outcome = run("inspect", few_pairs, PYTHONIOENCODING=encoding)
    assert outcome.code == 0, outcome.err
    assert outcome.err.strip() == ""
    bar = "█" if encoding == "cp437" else "#"
    assert outcome.out == expected.out.replace("█", bar)


def test_headings_and_progress_bars_in_ascii(few_pairs: Path, tmp_path: Path) -> None:
    """Metrics keep readable names, file names can be read, and a narrow progress bar is whole."""
    out, terminal = tmp_path / "räume", {"FORCE_COLOR": 1, "COLUMNS": 24}
    options = ("--data", few_pairs, "--split", "test", "--out", out)
    outcome = run("evaluate", "transfer", *options, PYTHONIOENCODING="ascii", **terminal)
    assert outcome.code == 0, outcome.err
    assert "AbsRel v" in outcome.out
    assert "d1 ^" in outcome.out
    assert f"wrote {tmp_path}/r\\xe4ume" in outcome.out
    assert "100%" in outcome.err
    assert "\\u" not in outcome.err
    assert (out / "report.html").is_file()
