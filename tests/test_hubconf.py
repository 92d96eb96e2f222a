"""``hubconf.py``: what torch.hub finds in a clone."""

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


def test_entry_points() -> None:
    """The names of all shipped weights and nothing else, each with its help."""
    assert torch.hub.list(str(CLONE), source="local") == shipped_names()
    for name in shipped_names():
        assert f"The network `{name}`" in torch.hub.help(str(CLONE), name, source="local")


def test_load() -> None:
    """The network in torch, which predicts as ``load`` does."""
    model = torch.hub.load(str(CLONE), "transfer", source="local")
    assert isinstance(model, depth_unet.DepthModel)
    photo = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    expected = depth_unet.load("transfer", engine="torch").predict(photo).depth_m
    assert np.array_equal(model.predict(photo).depth_m, expected)
