"""The table of faults is complete: every row names tests, every test of the kind has a row."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "faults.md"
MARK = "pytest.mark.chaos"


def marked_tests() -> Iterator[str]:
    """Tests with the marker, of their own or of their file, as ``FILE::NAME``."""
    for path in sorted(TESTS.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        whole = any(
            isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == "pytestmark"
            and re.search(rf"{MARK}\b", ast.unparse(node.value))
            for node in tree.body
        )
        for node in tree.body:
            if not (isinstance(node, ast.FunctionDef) and node.name.startswith("test_")):
                continue
            if whole or any(ast.unparse(item) == MARK for item in node.decorator_list):
                yield f"{path.relative_to(TESTS).as_posix()}::{node.name}"


def rows() -> list[list[str]]:
    """The cells of the table's rows."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    table = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in table[2:]]


def test_table() -> None:
    """Each row says what is promised and names its tests; together they name all, each once."""
    named = []
    for fault, promise, tests in rows():
        assert fault
        assert promise.endswith(".")
        found = re.findall(r"`([\w/]+\.py::\w+)`", tests)
        assert found, fault
        named += found
    assert sorted(named) == sorted(marked_tests())


def test_every_fault_has_a_row() -> None:
    """None of the kinds of fault that the project is proved against is left out."""
    text = " ".join(row[0] for row in rows())
    for kind in (
        *("kill -9", "SIGTERM", "full", "read-only", "checkpoint", "cache", "ONNX", "clock"),
        *("Two commands", "vanishes", "NaN", "memory"),
    ):
        assert kind in text
