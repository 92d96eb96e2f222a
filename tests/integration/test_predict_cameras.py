"""``predict``: the cameras of photos, and those that cannot be meant."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.integration.commandline import Outcome, predict

REGION = """height: 960
width: 1280
distortion_model: plumb_bob
D: []
K: [1040.0, 0.0, 640.0, 0.0, 1040.0, 480.0, 0.0, 0.0, 1.0]
binning_x: 1
binning_y: 1
roi: {x_offset: 320, y_offset: 240, height: 480, width: 640, do_rectify: False}
"""


def camera_of(folder: Path) -> dict[str, Any]:
    """The camera in the JSON file of the only photo."""
    (path,) = folder.glob("*_depth.json")
    camera: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["intrinsics"]
    return camera


def predict_with(run_folder: Path, folder: Path, text: str, size: tuple[int, int]) -> Outcome:
    """Predict one photo of the given size with a calibration file."""
    Image.new("RGB", size, (90, 120, 150)).save(folder / "photo.png")
    (folder / "camera").write_text(text, encoding="utf-8")
    options = ("--camera", folder / "camera", "--save", "json")
    return predict(run_folder, folder / "depth", folder / "photo.png", *options)


@pytest.mark.parametrize("rectified", ["False", "True"])
@pytest.mark.parametrize(("bins", "size"), [(0, (640, 480)), (1, (640, 480)), (2, (320, 240))])
def test_region_of_interest(
    run_folder: Path, tmp_path: Path, bins: int, size: tuple[int, int], rectified: str
) -> None:
    """A photo of ROS's region of interest gets the camera of the region, reduced by binning."""
    text = REGION.replace("binning_x: 1", f"binning_x: {bins}").replace("False", rectified)
    text = text.replace("binning_y: 1", f"binning_y: {bins}")
    outcome = predict_with(run_folder, tmp_path, text, size)
    assert (outcome.code, outcome.warnings) == (0, []), outcome.err
    camera, factor = camera_of(tmp_path / "depth"), max(1, bins)
    assert camera["fx_px"] == pytest.approx(1040 / factor)
    assert camera["cx_px"] == pytest.approx(320.5 / factor - 0.5)
    assert camera["cy_px"] == pytest.approx(240.5 / factor - 0.5)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((1280, 960), "remove roi from the file"),
        ((640, 360), "calibration is for photos of 640x480"),
    ],
)
def test_other_region(run_folder: Path, tmp_path: Path, size: tuple[int, int], words: str) -> None:
    """A photo that does not show the region is refused."""
    outcome = predict_with(run_folder, tmp_path, REGION, size)
    assert outcome.code == 3
    assert words in outcome.complaints[-1]


@pytest.mark.parametrize(("orientation", "code"), [(0, 0), (1, 0), (9, 0), (3, 3), (6, 3)])
def test_undefined_orientations(
    run_folder: Path, tmp_path: Path, orientation: int, code: int
) -> None:
    """Exif defines the orientations 1 to 8; a photo with 0 or 9 is as the sensor saw it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (160, 120)).save(tmp_path / "photo.jpg", exif=exif)
    (tmp_path / "cameras.txt").write_text("1 PINHOLE 160 120 150 150 80 60\n", encoding="utf-8")
    options = ("--camera", tmp_path / "cameras.txt", "--save", "json")
    outcome = predict(run_folder, tmp_path / "depth", tmp_path / "photo.jpg", *options)
    assert outcome.code == code, outcome.err
    if code:
        assert "rotated by its Exif data" in outcome.complaints[-1]
    else:
        assert camera_of(tmp_path / "depth")["fx_px"] == pytest.approx(150)
