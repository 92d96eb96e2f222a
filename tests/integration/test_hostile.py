"""Every command in environments that must change nothing: notebooks, pipes, services, strict users.

All at once in the default run; each alone is slow.
"""

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration import every_command
from tests.integration.commandline import TINY_MODEL, source_path

VARYING = (
    *("metrics.csv", "trials.csv", "study.db", "report.html", "search.html", ".lock"),
    *("last.safetensors", "comparison.json", "comparison.html"),
)
"""Files that state times, or the absolute path of the data."""


@dataclass(frozen=True)
class Environment:
    """What surrounds a program."""

    variables: Mapping[str, str | None] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    stdin: bool = True
    encoding: str = "utf-8"


NOTEBOOK = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
ASCII = {"PYTHONIOENCODING": "ascii"}
NO_HOME: dict[str, str | None] = {
    "HOME": "/dev/null/home",  # cannot be made, not even by root
    "XDG_CONFIG_HOME": "/dev/null/config",
    "XDG_CACHE_HOME": "/dev/null/cache",
    "MPLCONFIGDIR": "/dev/null/matplotlib",
}
STRICT = ("-W", "error")
TOGETHER = Environment({**NOTEBOOK, **ASCII, **NO_HOME}, STRICT, stdin=False, encoding="ascii")
ALONE = {
    "a process of its own": Environment(),
    "notebook": Environment(dict(NOTEBOOK)),
    "ascii": Environment(dict(ASCII), encoding="ascii"),
    "no stdin": Environment(stdin=False),
    "no home": Environment(NO_HOME),
    "warnings are errors": Environment(options=STRICT),
}


@dataclass(frozen=True)
class Results:
    """What the commands left."""

    codes: dict[str, object]
    out: dict[str, str]
    err: dict[str, str]
    files: dict[str, str]


def run_all(environment: Environment, pairs: Path, out: Path) -> Results:
    """Run every command in one process in this environment."""
    out.mkdir()
    variables = {**os.environ, "PYTHONPATH": source_path(), "PYTHONIOENCODING": "utf-8"}
    for name, value in environment.variables.items():
        variables[name] = value or ""
    close: Callable[[], None] | None = None if environment.stdin else _close_stdin
    process = subprocess.run(
        [
            sys.executable,
            *environment.options,
            "-m",
            "tests.integration.every_command",
            pairs,
            *TINY_MODEL,
        ],
        stdin=subprocess.DEVNULL if environment.stdin else None,
        preexec_fn=close,
        capture_output=True,
        encoding=environment.encoding,
        env=variables,
        cwd=out,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    codes = json.loads((out / "codes.json").read_text(encoding="utf-8"))
    return results_of(codes, process.stdout, process.stderr, out)


def run_all_here(pairs: Path, out: Path) -> Results:
    """Run every command in this process, which spares the start of another."""
    out.mkdir()
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("always", UserWarning)
        patch.chdir(out)
        patch.setattr(sys, "argv", sys.argv[:1])
        codes = every_command.run_all(pairs, [*TINY_MODEL])
    return results_of(codes, stdout.getvalue(), stderr.getvalue(), out)


def results_of(codes: dict[str, object], stdout: str, stderr: str, out: Path) -> Results:
    """What the commands left: text, and the files below ``out``."""
    files = {
        path.relative_to(out).as_posix(): ""
        if path.name.endswith(VARYING)
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in out.rglob("*")
        if path.is_file() and path.name != "codes.json"
    }
    return Results(codes, _by_command(stdout), _by_command(stderr), files)


def _close_stdin() -> None:
    with contextlib.suppress(OSError):
        os.close(0)


def _by_command(text: str) -> dict[str, str]:
    parts = text.split("== ")
    return dict(part.partition("\n")[::2] for part in parts[1:])


@pytest.fixture(scope="module", autouse=True)
def _little_work() -> None:
    """As much as in other processes, whose results are compared."""


@pytest.fixture(scope="module")
def clean(few_pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The results in an ordinary environment."""
    return run_all_here(few_pairs, tmp_path_factory.mktemp("hostile") / "out")


def assert_same(found: Results, clean: Results) -> None:
    """The same exit codes, files and warnings, and no traceback; every recording has its own id."""
    assert found.codes == clean.codes
    for command, text in found.err.items():
        assert "Traceback" not in text, f"{command}: {text}"
        ours = [line for line in text.splitlines() if line.startswith("warning: ")]
        expected = [line for line in clean.err[command].splitlines() if line in ours]
        assert ours == expected, f"{command}: {text}"
    assert {*found.files} == {*clean.files}
    changed = [name for name, digest in found.files.items() if digest != clean.files[name]]
    assert [name for name in changed if not name.endswith(".rrd")] == []


def test_clean_environment(clean: Results) -> None:
    """The commands succeed at all; the last one is refused for its missing photo."""
    failed = {name: clean.err[name] for name, code in clean.codes.items() if code}
    assert list(failed) == ["a missing photo"], failed


def test_all_at_once(few_pairs: Path, tmp_path: Path, clean: Results) -> None:
    """A notebook's backend, an ASCII terminal, no home, no stdin and `-W error` together."""
    assert_same(run_all(TOGETHER, few_pairs, tmp_path / "out"), clean)


@pytest.mark.slow  # a minute; all together are in the default run
@pytest.mark.parametrize("name", ALONE)
def test_each_alone(name: str, few_pairs: Path, tmp_path: Path, clean: Results) -> None:
    """Each hostile environment by itself, so that none is hidden by another."""
    assert_same(run_all(ALONE[name], few_pairs, tmp_path / "out"), clean)
