"""The shape of the package: what imports what, how large things are, how fast the help is.

The layers themselves are the contract in pyproject.toml that `lint-imports` checks.
"""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_PUBLIC_NAMES = 20
MAX_HELP_S = 0.5
HEAVY = {"torch", "cv2", "matplotlib", "lightning_fabric", "tensorboard", "onnxruntime", "optuna"}
DRAWERS = {"utils", "common", "helpers", "misc"}


def _package() -> Path:
    spec = importlib.util.find_spec("depth_unet")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations)))


PACKAGE = _package()
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = [path for path in FILES if path != PACKAGE / "__init__.py"]
INITS = [path for path in MODULES if path.name == "__init__.py"]


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


each_file = pytest.mark.parametrize("path", FILES, ids=_name)


@pytest.mark.parametrize("path", INITS, ids=_name)
def test_subpackage_init_is_a_docstring(path: Path) -> None:
    """A sub-package's __init__ holds a docstring and nothing else."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the docstring is missing"
    assert len(tree.body) == 1, "there is code besides the docstring"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_name_the_module(path: Path) -> None:
    """Modules import one another by full path; from the package root comes the version alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "depth_unet"
        for alias in node.names
    }
    assert names <= {"__version__"}


@each_file
def test_no_drawer_modules(path: Path) -> None:
    """No module is named after having no subject."""
    assert not DRAWERS & {
        part.lstrip("_") for part in path.relative_to(PACKAGE).with_suffix("").parts
    }


@each_file
def test_files_are_short(path: Path) -> None:
    """A file is read in one sitting."""
    num_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert num_lines <= MAX_FILE_LINES


@each_file
def test_functions_are_short(path: Path) -> None:
    """A function fits on a screen, its docstring aside."""
    long = {
        function.name: length
        for function in _functions(path)
        if (length := _code_lines(function)) > MAX_FUNCTION_LINES
    }
    assert not long


def test_package_is_typed() -> None:
    """Type checkers of other projects read the annotations."""
    assert (PACKAGE / "py.typed").is_file()


def test_public_names() -> None:
    """The top level offers few names, and each of them loads."""
    import depth_unet

    assert len(depth_unet.__all__) <= MAX_PUBLIC_NAMES
    for name in depth_unet.__all__:
        assert getattr(depth_unet, name) is not None


def test_help_imports_nothing_heavy() -> None:
    """`depth-unet --help` never loads torch, nor any other large library."""
    trace = _run(["-X", "importtime", "-m", "depth_unet", "--help"]).stderr
    loaded = set(re.findall(r"\|\s+(\w+)$", trace, flags=re.MULTILINE))
    assert "depth_unet" in loaded, "the import trace could not be read"
    assert not HEAVY & loaded


def test_help_is_quick() -> None:
    """`depth-unet --help` needs half a second of processor on top of the interpreter's start.

    Processor time, because other tests run at the same time.
    """
    added_s = _fastest_s(["-m", "depth_unet", "--help"]) - _fastest_s(["-c", ""])
    assert added_s < MAX_HELP_S


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        assert docstring.end_lineno is not None
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    # Bytecode is written by the first run and read by the others, as it is on a user's machine.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, env=environment
    )


def _fastest_s(arguments: list[str], runs: int = 7) -> float:
    # The fastest of several runs is what the program needs; the rest is what the machine was doing.
    times = []
    for _ in range(runs):
        before = os.times()
        _run(arguments)
        after = os.times()
        user_s = after.children_user - before.children_user
        times.append(user_s + after.children_system - before.children_system)
    return min(times)
