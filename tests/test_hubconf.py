"""``hubconf.py``: what torch.hub finds in a clone."""

import runpy
import sys
from importlib.util import find_spec
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
    assert all(map(find_spec, found["dependencies"]))


def test_load() -> None:
    """The network in torch, which predicts as ``load`` does."""
    model = torch.hub.load(str(CLONE), "transfer", source="local")
    assert isinstance(model, depth_unet.DepthModel)
    photo = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    expected = depth_unet.load("transfer", engine="torch").predict(photo).depth_m
    assert np.array_equal(model.predict(photo).depth_m, expected)
