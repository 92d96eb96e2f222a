"""What error messages say about libraries that are not installed."""

import tomllib
from pathlib import Path

import pytest

from depth_unet.errors import (
    EXTRAS,
    ConfigError,
    install_command,
    is_out_of_memory,
    missing_library,
)

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


@pytest.mark.parametrize(
    ("libraries", "command"),
    [
        (("av",), 'pip install "av>=18"'),
        (("numba", "embreex"), 'pip install "numba>=0.63" "embreex>=4.4"'),
        (("no-such-library",), 'pip install "no-such-library"'),
    ],
)
def test_install_command(libraries: tuple[str, ...], command: str) -> None:
    """The command names libraries with the versions that the package declares."""
    assert install_command(*libraries) == command


@pytest.mark.parametrize("extra", EXTRAS)
def test_extras_are_those_of_the_package(extra: str) -> None:
    """An error names all libraries of an extra, and no others."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    declared = {line.partition(">=")[0] for line in project["optional-dependencies"][extra]}
    assert declared - {"depth-unet[train]"} == set(EXTRAS[extra])


def test_missing_libraries() -> None:
    """A missing library of an extra becomes one line with a command; others stay what they are."""
    found = missing_library("train", ModuleNotFoundError(name="lightning_fabric.strategies"))
    assert isinstance(found, ConfigError)
    assert str(found).startswith("train needs lightning-fabric, which is not installed; run: pip ")
    assert '"torch' in str(found)
    with pytest.raises(ModuleNotFoundError, match="a bug"):
        missing_library("train", ModuleNotFoundError("a bug", name="depth_unet.typo"))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("could not create a primitive"), True),  # oneDNN
        (RuntimeError("can't start new thread"), True),  # Python
        (RuntimeError("could not create a primitive descriptor for the matmul primitive"), False),
        (RuntimeError("shapes do not match"), False),
    ],
)
def test_out_of_memory(error: Exception, *, expected: bool) -> None:
    """Libraries of C++ say it in words."""
    assert is_out_of_memory(error) == expected
