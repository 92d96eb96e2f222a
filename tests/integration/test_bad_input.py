"""Bad output paths, photos and focal lengths: one clear line, the right exit code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from tests.integration.commandline import assert_refused, depth_unet, files_below
from tests.integration.spoil import cut, run_on

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")


@pytest.mark.parametrize("place", ["below a file", "a file"])
@pytest.mark.parametrize("command", ["prepare", "train", "evaluate", "predict"])
def test_output_path(
    command: str, place: str, pairs: Path, run_folder: Path, tmp_path: Path
) -> None:
    """Where a file stands in the way, that is said before any work is done; the file stays.

    The damaged photo would be complained about if it had been read.
    """
    (tmp_path / "notes.txt").write_text("mine")
    cut(next(pairs.glob("test/*/*_rgb.png")))
    before = files_below(tmp_path)
    out = tmp_path / "notes.txt" / "out" if place == "below a file" else tmp_path / "notes.txt"
    if command == "predict":
        photo = next(pairs.glob("test/*/*_rgb.png"))
        outcome = depth_unet("predict", photo, "--weights", run_folder, "--out", out)
    else:
        outcome = run_on(command, pairs, run_folder, out)
    assert_refused(outcome, str(tmp_path / "notes.txt"), "file")
    assert files_below(tmp_path) == before
    assert (tmp_path / "notes.txt").read_text() == "mine"


PHOTO_DEFECTS: dict[str, Callable[[Path], Any]] = {
    "missing": Path.unlink,
    "zero bytes": lambda path: path.write_bytes(b""),
    "a text": lambda path: path.write_text("no photo"),
    "truncated": cut,
    "a checkpoint": lambda path: save_file({"weight": torch.ones(3)}, path),
}


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("defect", PHOTO_DEFECTS)
def test_photo(defect: str, suffix: str, run_folder: Path, cache: Path, tmp_path: Path) -> None:
    """A bad photo among good ones is named, the others are predicted, and the exit code is 3."""
    out, good = tmp_path / "out", next(cache.glob("test/*/*_rgb.png"))
    with Image.open(good) as image:
        image.save(tmp_path / f"bad{suffix}")
    PHOTO_DEFECTS[defect](tmp_path / f"bad{suffix}")
    bad = tmp_path / f"bad{suffix}"
    outcome = depth_unet("predict", bad, good, "--weights", run_folder, "--out", out)
    assert_refused(outcome, bad.name, code=3)
    assert f"{out}: 1 predicted, 1 failed, 0 already there" in outcome.err.splitlines()
    assert files_below(out) == {
        f"{good.stem}{ending}"
        for ending in ("_color.png", "_depth.npy", "_depth.npy.json", "_depth.png")
    }


def test_photo_alone(run_folder: Path, tmp_path: Path) -> None:
    """If no photo can be read, nothing is written."""
    (tmp_path / "bad.jpg").write_text("no photo")
    outcome = depth_unet(
        *("predict", tmp_path / "bad.jpg", "--weights", run_folder, "--out", tmp_path / "out")
    )
    assert_refused(outcome, "bad.jpg", code=3)
    assert not files_below(tmp_path / "out")


@pytest.mark.parametrize("content", ["nothing", "no photo"])
def test_folder_without_photos(content: str, run_folder: Path, tmp_path: Path) -> None:
    """A folder instead of a photo must hold photos: else exit 2, and no output folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    if content == "no photo":
        (folder / "notes.txt").write_text("mine")
    out = tmp_path / "out"
    outcome = depth_unet("predict", folder, "--weights", run_folder, "--out", out)
    assert_refused(outcome, str(folder))
    assert not out.exists()


@pytest.mark.parametrize("focal_px", ["nan", "inf", "0", "-500"])
def test_focal_length(focal_px: str, run_folder: Path, cache: Path, tmp_path: Path) -> None:
    """An invalid focal length applies to all photos: exit 2, and nothing is written."""
    out, photos = tmp_path / "out", cache / "test" / "room_12"
    outcome = depth_unet(
        *("predict", photos, "--weights", run_folder, "--out", out),
        f"--focal-px={focal_px}",
    )
    assert_refused(outcome, "focal")
    assert not out.exists()
