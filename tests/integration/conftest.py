"""The cache of the box rooms and one short run, shared by all tests that only read them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from depth_unet.app import site
from depth_unet.figures import curves, sheet, surface
from depth_unet.train import validate
from examples.box_rooms import write_box_rooms
from tests.app.page import write_page
from tests.integration.commandline import TINY_MODEL, depth_unet, no_pictures


@contextmanager
def little_work() -> Iterator[None]:
    """Commands in this process validate few frames and draw small; others look at the details."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validate, "MOST_FRAMES", 4)
        patch.setattr(surface, "MAX_VERTICES", 20 * 15)
        patch.setattr(sheet, "_DPI", 100)
        patch.setattr(curves, "_DPI", 100)
        yield


@pytest.fixture(scope="module", autouse=True)
def _little_work() -> Iterator[None]:
    """Nearly all modules; fixtures of the session come before it."""
    with little_work():
        yield


@pytest.fixture(scope="session")
def cache(box_rooms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The box rooms, prepared at 160x120; the test frames stay at 640x480."""
    out = tmp_path_factory.mktemp("integration") / "cache"
    assert depth_unet("prepare", box_rooms, out, "--size", "160x120").code == 0
    return out


@pytest.fixture(scope="session")
def run_folder(cache: Path) -> Path:
    """A run of four steps; two of the twelve rooms are unseen, one frame in six is seen."""
    out = cache.parent / "run"
    with little_work():
        code = depth_unet(
            *("train", "seed", "--data", cache, "--out", out, "--fraction", 1, "--holdout", 0.2),
            *("--steps", 4, "--batch-size", 4, "--validate-every", 4, *TINY_MODEL),
        ).code
    assert code == 0
    return out


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page for ``app`` in this process, and in those that pause."""
    folder = write_page(tmp_path / "page")
    monkeypatch.setattr(site, "PAGE", folder)
    monkeypatch.setenv("PAGE", str(folder))
    return folder


@pytest.fixture
def without_pictures() -> Iterator[None]:
    """Leave out what takes most of the time, in tests that do not look at it."""
    with no_pictures():
        yield


@pytest.fixture
def photo(box_rooms: Path, tmp_path: Path) -> Path:
    """A photo of 160x120 called room.png."""
    path = tmp_path / "photos" / "room.png"
    path.parent.mkdir()
    shutil.copyfile(next(box_rooms.glob("train/*/*_rgb.png")), path)
    return path


@pytest.fixture(scope="session")
def few_pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rooms of two frames, one test frame: nothing is wrong with them."""
    root = tmp_path_factory.mktemp("bad_input") / "pairs"
    return write_box_rooms(
        root, rooms=3, frames=2, size=(64, 48), test_rooms=1, test_frames=1, seed=1
    )


@pytest.fixture
def pairs(few_pairs: Path, tmp_path: Path) -> Path:
    """A copy of the pairs, to be spoilt."""
    return Path(shutil.copytree(few_pairs, tmp_path / "pairs"))
