"""The examples in docstrings run as written."""

import doctest
import importlib
from pathlib import Path

import pytest

import depth_unet

ROOT = Path(depth_unet.__file__).parent
WITH_EXAMPLES = [path for path in sorted(ROOT.rglob("*.py")) if ">>> " in path.read_text("utf-8")]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    """Every example of a module gives the result that its docstring shows."""
    name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
    assert doctest.testmod(importlib.import_module(name)).failed == 0
