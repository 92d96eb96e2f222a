"""``hubconf.py``: what torch.hub finds in a clone."""

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import depth_unet
from depth_unet.model.shipped import shipped_names

CLONE = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(
    not (CLONE / "hubconf.py").is_file(), reason="the wheel is tested without the clone"
)

RECORDED = """
import builtins, sys
import numpy, torch

imported, real = set(), builtins.__import__


def record(name, globals=None, locals=None, fromlist=(), level=0):
    owner = (globals or {}).get("__name__", "").partition(".")[0]
    if level == 0 and owner in ("depth_unet", "hubconf"):
        imported.add(name.partition(".")[0])
    return real(name, globals, locals, fromlist, level)


builtins.__import__ = record
model = torch.hub.load(sys.argv[1], "transfer", source="local")
model.predict(numpy.zeros((48, 64, 3), numpy.uint8))
print(*imported - sys.stdlib_module_names - {"depth_unet"})
"""


@pytest.fixture(autouse=True)
def _same_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is imported later does not depend on these tests."""
    monkeypatch.setattr(sys, "path", [*sys.path])


def test_entry_points() -> None:
    """As torch.hub lists them, the names of all shipped weights and nothing else, with help."""
    found = runpy.run_path(str(CLONE / "hubconf.py"))
    entries = {n: value for n, value in found.items() if callable(value) and not n.startswith("_")}
    assert sorted(entries) == shipped_names()
    for name, entry in entries.items():
        assert f"The network `{name}`" in entry.__doc__


def test_dependencies() -> None:
    """They are the libraries that the package imports to load and to predict, all and no other."""
    program = [sys.executable, "-c", RECORDED, str(CLONE)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = runpy.run_path(str(CLONE / "hubconf.py"))
    assert sorted(done.stdout.split()) == sorted(found["dependencies"])


def test_load() -> None:
    """The network in torch, which predicts as ``load`` does."""
    model = torch.hub.load(str(CLONE), "transfer", source="local")
    assert isinstance(model, depth_unet.DepthModel)
    photo = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    expected = depth_unet.load("transfer", engine="torch").predict(photo).depth_m
    assert np.array_equal(model.predict(photo).depth_m, expected)
