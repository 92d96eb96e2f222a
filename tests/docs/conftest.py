"""What the pages speak of: photos, data sets, runs, by the names that they have there."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from examples.box_rooms import write_box_rooms
from tests.docs.blocks import ROOT
from tests.integration.commandline import FEW_STEPS, depth_unet, no_pictures
from tests.video.clips import pictures, write_clip


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all of them, to be copied."""
    root = tmp_path_factory.mktemp("docs") / "shelf"
    for name in ("examples", "benchmarks"):
        shutil.copytree(ROOT / name, root / name)
    _write_photos(root)
    write_clip(root / "clip.mp4", pictures(4))
    data = write_box_rooms(
        root / "my_rooms", rooms=10, frames=2, size=(64, 48), test_rooms=1, test_frames=1
    )
    for name in ("NYU", "nyu"):
        shutil.copytree(data, root / name)
    _write_classes(root / "nyu")
    _write_folds(root / "folds" / "nyu_train.csv", data)
    with pytest.MonkeyPatch.context() as patch, no_pictures():
        patch.chdir(root)
        for line in (
            ("prepare", "my_rooms", "cache", "--size", "64x48"),
            ("train", "seed", "--data", "cache", "--out", "runs/mine", *FEW_STEPS),
            ("export", "runs/mine", "other.onnx"),
            ("evaluate", "runs/mine", "--data", "cache", "--split", "test"),
        ):
            outcome = depth_unet(*line)
            assert outcome.code == 0, outcome.err
    for copy in ("rooms_cache", "nyu_cache", "my_photos", "demo/rooms"):
        shutil.copytree(root / "cache", root / copy)
    shutil.copytree(root / "runs" / "mine" / "evaluation", root / "evaluation-meter")
    for name in ("other", "rooms"):
        shutil.copytree(root / "runs" / "mine", root / "runs" / name)
    return root


@pytest.fixture
def folder(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the shelf, as the working folder."""
    copy = Path(shutil.copytree(shelf, tmp_path / "folder"))
    monkeypatch.chdir(copy)
    with no_pictures():
        yield copy


def _write_photos(root: Path) -> None:
    with Image.open(ROOT / "examples" / "photos" / "library.jpg") as file:
        photo = file.convert("RGB").resize((640, 480))
    names = ("photo.jpg", "room.jpg", "a.jpg", "b.jpg")
    for name in (*names, "holiday/a.jpg", "desk/a.jpg", "shots/one/a.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        photo.save(root / name)
    now = time.time()
    os.utime(root / "photo.jpg", (now + 60, now + 60))  # the one photo that is newer than `last`
    (root / "last").touch()


def _write_classes(data: Path) -> None:
    for photo in data.glob("train/*/*_rgb.png"):
        path = (data / "train_labels40" / photo.relative_to(data)).with_suffix(".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(photo) as file:
            Image.fromarray(np.asarray(file)[..., 0] // 8).save(path)


def _write_folds(path: Path, data: Path) -> None:
    rooms = sorted(folder.name for folder in (data / "train").iterdir())
    lines = (f"{room},{number % 3}\n" for number, room in enumerate(rooms))
    path.parent.mkdir()
    path.write_text(f"room_group,fold\n{''.join(lines)}", encoding="utf-8")
