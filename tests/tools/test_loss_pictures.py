"""The pictures of docs/losses.md show what the page says."""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

tools = pytest.importorskip("tools", reason="the tools are not part of the wheel")

from tools import loss_pictures  # noqa: E402
from tools.loss_pictures import (  # noqa: E402
    CHANGES,
    MAE_M,
    TERMS,
    altered,
    paint,
    scaled,
    see,
    shifted,
)

MOST_BYTES = 150_000
PICTURES = ("losses.jpg", "splits.jpg", "attention.jpg")


@pytest.fixture
def depth_m() -> np.ndarray:
    """A wall that runs away from the camera, and a box before it."""
    depth = np.linspace(2.0, 5.0, 64)[None].repeat(48, 0)
    depth[20:40, 20:36] = 1.5
    return depth


def values(page: Path) -> dict[str, list[float]]:
    """The numbers of the table by row."""
    rows = re.findall(r"^\| (\w+) \| ((?:[\d.]+ \| )*[\d.]+) \|$", page.read_text(), re.MULTILINE)
    return {name: [float(cell) for cell in cells.split(" | ")] for name, cells in rows}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_all_are_wrong_by_as_much(
    change: Callable[[np.ndarray, float], np.ndarray], depth_m: np.ndarray
) -> None:
    """The mean absolute error of every prediction is the same, and `mae` is that error."""
    prediction_m = altered(depth_m, change, MAE_M)
    assert see("mae", prediction_m, depth_m)[0] == pytest.approx(MAE_M, rel=0.03)


def test_what_losses_do_not_see(depth_m: np.ndarray) -> None:
    """A shift has no edges, a scaled room has the same ratios, a perfect one costs nothing."""
    assert see("gradient_edge", altered(depth_m, shifted, MAE_M), depth_m)[0] < 1e-12
    assert see("gradient_matching", altered(depth_m, scaled, MAE_M), depth_m)[0] < 1e-12
    assert see("ssim", depth_m, depth_m)[0] == 0


def test_red_is_too_far(depth_m: np.ndarray) -> None:
    """Where the prediction is too far, the picture of `mae` is red; too near, blue."""
    prediction_m = depth_m + np.where(np.arange(64) < 32, 0.1, -0.1)
    picture = paint(see("mae", prediction_m, depth_m)[1]).astype(int)
    redder = picture[..., 0] > picture[..., 2]
    assert redder[:, :32].all()
    assert not redder[:, 32:].any()


def test_the_page_has_them() -> None:
    """A row for each prediction, a value for each loss, and small pictures."""
    found = values(loss_pictures.PAGE)
    assert list(found) == [change.__name__ for change in CHANGES]
    assert {len(row) for row in found.values()} == {len(TERMS)}
    for name in PICTURES:
        assert 0 < (loss_pictures.IMAGES / name).stat().st_size < MOST_BYTES


@pytest.mark.filterwarnings("ignore:.* training rooms; with fewer than 8")  # a picture of them
@pytest.mark.slow  # renders rooms for a minute
def test_they_can_be_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program writes the table that is on the page, and all pictures."""
    page = Path(shutil.copy(loss_pictures.PAGE, tmp_path))
    before = values(page)
    monkeypatch.setattr(loss_pictures, "PAGE", page)
    monkeypatch.setattr(loss_pictures, "IMAGES", tmp_path)
    monkeypatch.setattr(sys, "argv", ["loss_pictures", "--rooms", str(tmp_path / "rooms")])
    loss_pictures.main()
    for name, row in values(page).items():
        assert row == pytest.approx(before[name], rel=0.02, abs=0.001)
    assert all((tmp_path / name).is_file() for name in PICTURES)
