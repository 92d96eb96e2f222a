"""What the shell, a notebook or a pipe around a command must not change."""

from pathlib import Path

import pytest

from tests.integration.commandline import Outcome, start


def run(*arguments: object, **variables: object) -> Outcome:
    """Run a command as a program of its own, with these environment variables."""
    process = start(*arguments, variables=variables)
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
