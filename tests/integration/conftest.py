"""The cache of the box rooms and one short run, shared by all tests that only read them."""

from pathlib import Path

import pytest

from tests.integration.commandline import TINY_MODEL, depth_unet


@pytest.fixture(scope="session")
def cache(box_rooms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The box rooms, prepared at 80x60; the test frames stay at 640x480."""
    out = tmp_path_factory.mktemp("integration") / "cache"
    assert depth_unet("prepare", box_rooms, out, "--size", "80x60").code == 0
    return out


@pytest.fixture(scope="session")
def run_folder(cache: Path) -> Path:
    """A run of four steps; two of the twelve rooms are unseen, one frame in six is seen."""
    out = cache.parent / "run"
    code = depth_unet(
        *("train", "seed", "--data", cache, "--out", out, "--fraction", 1, "--holdout", 0.2),
        *("--steps", 4, "--batch-size", 4, "--validate-every", 4, *TINY_MODEL),
    ).code
    assert code == 0
    return out
