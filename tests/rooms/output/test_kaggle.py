"""The layout of NYU on Kaggle, as its readers expect it."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_unet.rooms import generate as generating
from depth_unet.rooms.generate import generate
from depth_unet.rooms.options import RoomsOptions
from depth_unet.rooms.output import kaggle
from tests.rooms import fake_shots

OPTIONS = RoomsOptions(images=12, size="64x48", views=3, test_share=0.5, kaggle=True)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four rooms, two of them test rooms."""
    monkeypatch.setattr(generating, "make_room", fake_shots.make_room)
    monkeypatch.setattr(generating, "LIBRARIES", ())
    generate(OPTIONS, tmp_path / "nyu_data", workers=1)
    return tmp_path / "nyu_data"


def test_lists(made: Path) -> None:
    """No header; training photos lie in folders of rooms, test photos are numbered from 0."""
    train = (made / "data/nyu2_train.csv").read_text().splitlines()
    test = (made / "data/nyu2_test.csv").read_text().splitlines()
    assert test == [
        f"data/nyu2_test/{number:05d}_colors.png,data/nyu2_test/{number:05d}_depth.png"
        for number in range(6)
    ]
    assert len(train) == 6
    for line in train:
        assert re.fullmatch(
            r"(data/nyu2_train/[a-z_]+_\d{4}_out/[1-3])\.jpg,\1\.png", line, re.ASCII
        )
    assert len({line.split("/")[2] for line in train}) == 2
    listed = {name for line in (*train, *test) for name in line.split(",")}
    there = {
        path.relative_to(made).as_posix() for path in (made / "data").rglob("*") if path.is_file()
    }
    assert there == listed | {"data/nyu2_train.csv", "data/nyu2_test.csv"}
    assert not (made / "index.csv").exists()


def test_training_depth_has_eight_bits(made: Path) -> None:
    """255 counts are 10 m: depth is true to half a count, 20 mm."""
    number = next(plan.number for plan in OPTIONS.rooms() if plan.split == "train")
    path = next(made.glob(f"data/nyu2_train/*_{number:04d}_out/1.png"))
    counts = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert counts.dtype == np.uint8
    truth_m = np.linspace(0.5, 3.0, 64) + number / 1000
    np.testing.assert_allclose(counts[0] / 255 * 10, truth_m, atol=0.0212)


def test_test_depth_has_sixteen_bits(made: Path) -> None:
    """Test files hold millimetres, and their photos are PNG."""
    depth = cv2.imread(str(made / "data/nyu2_test/00000_depth.png"), cv2.IMREAD_UNCHANGED)
    number = next(plan.number for plan in OPTIONS.rooms() if plan.split == "test")
    assert depth.dtype == np.uint16
    assert depth[0, 0] == 500 + number
    assert (made / "data/nyu2_test/00000_colors.png").read_bytes()[1:4] == b"PNG"


def test_eight_bits_at_the_ends() -> None:
    """A hole stays a hole; 10 m and more become 255."""
    depth_mm = np.array([[0, 1, 6000, 10_000, 10_001, 65_535]], np.uint16)
    assert kaggle.to_eight_bits(depth_mm).tolist() == [[0, 0, 153, 255, 255, 255]]


def test_border() -> None:
    """The white frame is eight pixels wide at 640x480, with the picture inside."""
    framed = kaggle.add_border(np.zeros((480, 640, 3), np.uint8))
    assert (framed[8:-8, 8:-8] == 0).all()
    framed[8:-8, 8:-8] = 255
    assert (framed == 255).all()
