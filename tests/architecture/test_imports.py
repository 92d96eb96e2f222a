"""The shape of the package: what imports what, how large things are, what help loads.

The layers themselves are the contract in pyproject.toml that `lint-imports` checks.
"""

import ast
import functools
import importlib.util
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from depth_unet.cli.main import MODULE_OF, WITH_RECIPE
from tests.imports import WITHOUT_TRAINING, imported_by

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_PUBLIC_NAMES = 20
MAX_TOP_LEVEL_NAMES = 28
MAX_PAGE_LINES = 1500
MAX_PACKAGE_BYTES = 65 * 10**6  # with three or four families of weights
PARSER = {"docstring_parser", "tyro", "typeguard", "typing_extensions"}
NEEDS_TORCH = {"predict/model.py", "predict/network.py"}
WEB = Path(__file__).parents[2] / "web"
COMMENT = re.compile(r"/\*.*?\*/|^ *//.*?$", re.DOTALL | re.MULTILINE)
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
    tree = _tree(path)
    assert ast.get_docstring(tree), "the docstring is missing"
    assert len(tree.body) == 1, "there is code besides the docstring"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_name_the_module(path: Path) -> None:
    """Modules import one another by full path; from the package root comes the version alone."""
    names = {
        alias.name
        for node in ast.walk(_tree(path))
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


@pytest.mark.skipif(not WEB.is_dir(), reason="needs the source of the page")
def test_the_page_is_short() -> None:
    """All of its TypeScript, counted without blank lines and comments."""
    files = [*WEB.glob("*.ts"), *(WEB / "src").rglob("*.ts")]
    code = COMMENT.sub("", "\n".join(path.read_text(encoding="utf-8") for path in files))
    assert 0 < sum(bool(line.strip()) for line in code.splitlines()) < MAX_PAGE_LINES


def test_package_is_typed() -> None:
    """Type checkers of other projects read the annotations."""
    assert (PACKAGE / "py.typed").is_file()


def test_public_names() -> None:
    """The top level offers few names, and each of them loads."""
    import depth_unet

    assert len(depth_unet.__all__) <= MAX_PUBLIC_NAMES
    for name in depth_unet.__all__:
        assert getattr(depth_unet, name) is not None


def test_few_names_at_the_top_level() -> None:
    """The top level of the package can be taken in at a glance."""
    names = {path.name for path in PACKAGE.iterdir()} - {"__pycache__"}
    assert len(names) <= MAX_TOP_LEVEL_NAMES, names


def test_package_is_small() -> None:
    """The wheel, which is compressed more, is no larger; weights exist once in it."""
    files = (path for path in PACKAGE.rglob("*") if "__pycache__" not in path.parts)
    sizes = (len(zlib.compress(path.read_bytes(), 1)) for path in files if path.is_file())
    assert sum(sizes) < MAX_PACKAGE_BYTES


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        ("--help", set()),
        ("--version", set()),
        ("train --help", set()),
        *((f"{name} --help", PARSER) for name in MODULE_OF if name not in WITH_RECIPE),
        *((f"{name} seed --help", PARSER) for name in WITH_RECIPE),
    ],
)
def test_help_loads_no_other_library(command: str, allowed: set[str]) -> None:
    """Help of the program loads the standard library alone; help of a command, its parser too."""
    program = f"from depth_unet.cli.main import main; sys.exit(main({command.split()}))"
    loaded = {name.partition(".")[0] for name in imported_by(program)}
    assert "depth_unet" in loaded, "the report could not be read"
    ours = {"depth_unet", "__main__", "__mp_main__"}
    other = {name for name in loaded - ours - allowed if not name.startswith("_")}
    assert other <= sys.stdlib_module_names


def test_prediction_imports_no_library_of_training() -> None:
    """Without torch and matplotlib, all of prediction and video loads, and what they stand on."""
    parts = {"camera", "config", "files", "images", "outputs", "predict", "video"}
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in MODULES
        if path.relative_to(PACKAGE).parts[0] in parts or _name(path).startswith("cli/predict/")
        if _name(path) not in NEEDS_TORCH
    ]
    assert len(names) > 50
    program = f"import importlib; [*map(importlib.import_module, {names})]"
    assert set(names) <= imported_by(WITHOUT_TRAINING + program)


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(_tree(path)):
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
