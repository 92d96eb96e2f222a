"""The Dockerfile is well made, and what it copies and installs exists."""

import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE = ROOT / "Dockerfile"
LINTER = Path(sys.executable).parent / "hadolint"

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the wheel has no Dockerfile")


@pytest.fixture
def instructions() -> list[tuple[str, str]]:
    """Every instruction: its name and the rest, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines) if name]


@pytest.mark.skipif(not LINTER.is_file(), reason="hadolint comes for Linux on x86-64 alone")
def test_the_linter_finds_nothing() -> None:
    """Neither an error nor a hint."""
    done = subprocess.run([LINTER, "--no-color", FILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_is_there(instructions: list[tuple[str, str]]) -> None:
    """It exists, and .dockerignore lets it pass."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    allowed = [line.removeprefix("!") for line in lines if line.startswith("!")]
    copied = [
        word
        for name, rest in instructions
        if name == "COPY" and not rest.startswith("--from")
        for word in rest.split()[:-1]
    ]
    assert {"src", "web", "constraints.txt"} <= set(copied)
    for path in copied:
        assert (ROOT / path).exists(), path
        assert any(fnmatch(path, entry) or path.startswith(f"{entry}/") for entry in allowed), path
        assert not any(fnmatch(path, line) for line in lines[1:]), path


def test_it_installs_extras_and_runs_as_a_user(instructions: list[tuple[str, str]]) -> None:
    """The extras exist; the last stage runs ``depth-unet``, and not as root."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extras,) = [rest for name, rest in instructions if name == "ARG"]
    assert set(extras.removeprefix("EXTRAS=").split(",")) <= set(project["optional-dependencies"])
    last = dict(instructions)
    assert last["USER"] not in ("root", "0")
    assert last["ENTRYPOINT"] == '["depth-unet"]'
    assert "depth-unet" in project["scripts"]
    stages = [rest.split()[0] for name, rest in instructions if name == "FROM"]
    assert all(re.fullmatch(r"(node|python):[\d.]+-slim", stage) for stage in stages)
    version = stages[-1].partition(":")[2].removesuffix("-slim")
    assert numbers(version) >= numbers(project["requires-python"].removeprefix(">="))


def numbers(version: str) -> tuple[int, ...]:
    """The parts of a version, which compare as numbers: 3.9 is below 3.11."""
    return tuple(map(int, version.split(".")))
