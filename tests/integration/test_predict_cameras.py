"""``predict``: the cameras of photos, and those that cannot be meant."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import depth_unet
from depth_unet.predict.predictor import ASSUMED, EXIF
from tests.integration.commandline import FEW_STEPS, Outcome, predict
from tests.integration.commandline import depth_unet as run
from tests.integration.spoil import with_columns

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
    (tmp_path / "cameras.txt").write_text("1 PINHOLE 160 120 150 150 70 60\n", encoding="utf-8")
    options = ("--camera", tmp_path / "cameras.txt", "--save", "json")
    outcome = predict(run_folder, tmp_path / "depth", tmp_path / "photo.jpg", *options)
    assert outcome.code == code, outcome.err
    if code:
        assert "rotated by its Exif data" in outcome.complaints[-1]
    else:
        assert camera_of(tmp_path / "depth")["fx_px"] == pytest.approx(150)


@pytest.mark.parametrize(("orientation", "size"), [(3, (160, 120)), (6, (120, 160))])
def test_symmetric_camera_of_rotated_photos(
    run_folder: Path, tmp_path: Path, orientation: int, size: tuple[int, int]
) -> None:
    """A camera without distortion whose axis is in the middle holds for rotated photos, too."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (160, 120)).save(tmp_path / "photo.jpg", exif=exif)
    (tmp_path / "cameras.txt").write_text("1 PINHOLE 160 120 150 150 80 60\n", encoding="utf-8")
    options = ("--camera", tmp_path / "cameras.txt", "--save", "json")
    assert predict(run_folder, tmp_path / "depth", tmp_path / "photo.jpg", *options).code == 0
    camera = camera_of(tmp_path / "depth")
    assert (camera["width"], camera["height"]) == size
    assert camera["fx_px"] == camera["fy_px"] == pytest.approx(150)


PINHOLE = "1 PINHOLE {width} {height} {fx} {fy} {cx} {cy}\n"
MATRIX = "K: [{fx}, 0, {cx}, 0, {fy}, {cy}, 0, 0, 1]\n"
OPENCV = MATRIX + "image_width: {width}\nimage_height: {height}\n"
ROS = OPENCV + "distortion_model: plumb_bob\n"


def calibration(form: str, cx: float, cy: float, fx: float = 1000, fy: float = 1000) -> str:
    """A calibration for photos of 1280x960 pixels."""
    return form.format(width=1280, height=960, fx=fx, fy=fy, cx=cx, cy=cy)


@pytest.mark.parametrize("form", [PINHOLE, OPENCV, ROS], ids=["colmap", "opencv", "ros"])
@pytest.mark.parametrize("centre", [(11447, 6276), (0, 0), (640, 0), (-640, 480)])
def test_principal_point_outside(
    run_folder: Path, tmp_path: Path, form: str, centre: tuple[float, float]
) -> None:
    """A calibration whose principal point is not inside its image is refused at once."""
    outcome = predict_with(run_folder, tmp_path, calibration(form, *centre), (320, 240))
    assert outcome.code == 2
    assert "is not inside the image of 1280x960 pixels" in outcome.complaints[-1]
    assert not (tmp_path / "depth").exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((320, 240), "principal point"),
        ((640, 480, 28, 28), "field of view is 175 degrees"),
        ((640, 480, 1e6, 1e6), "field of view is 0.0733 degrees"),
        ((640, 480, 1000, 450), "focal lengths are 250 and 112.5 pixels"),
        ((560, 530, 900, 1000), ""),
    ],
)
@pytest.mark.parametrize("form", [PINHOLE, OPENCV, ROS], ids=["colmap", "opencv", "ros"])
def test_implausible_calibration(
    run_folder: Path, tmp_path: Path, form: str, values: tuple[float, ...], words: str
) -> None:
    """An unlikely calibration is used with one warning, a plausible one with none."""
    outcome = predict_with(run_folder, tmp_path, calibration(form, *values), (320, 240))
    assert outcome.code == 0, outcome.err
    assert len(outcome.warnings) == bool(words)
    if words:
        assert "the camera is implausible" in outcome.warnings[0]
        assert words in outcome.warnings[0]


@pytest.mark.parametrize(
    ("options", "words"), [(("--focal-px", 28), "not millimetres"), (("--fov", 60), "")]
)
def test_implausible_options(
    run_folder: Path, photo: Path, tmp_path: Path, options: tuple[object, ...], words: str
) -> None:
    """A focal length in millimetres is taken for pixels with a warning."""
    with Image.open(photo) as image:
        image.resize((640, 480)).save(tmp_path / "large.png")
    outcome = predict(run_folder, tmp_path / "depth", tmp_path / "large.png", *options)
    assert outcome.code == 0
    assert [words in line for line in outcome.warnings] == [True] * bool(words)


@pytest.mark.parametrize("size", [(640, 480), (736, 552)])
def test_size_that_is_not_stated(run_folder: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    """A calibration without a size is refused for photos whose middle is elsewhere."""
    text = calibration(MATRIX, 639.5, 479.5)
    assert predict_with(run_folder, tmp_path, text, (1280, 960)).code == 0
    outcome = predict_with(run_folder, tmp_path / "depth", text, size)
    assert outcome.code == 3
    assert "add image_width and image_height" in outcome.complaints[-1]


@pytest.mark.parametrize(
    ("size", "source"),
    [((160, 120), EXIF), ((120, 160), EXIF), ((161, 120), EXIF), ((80, 120), ASSUMED)],
)
def test_exif_of_cropped_photos(
    run_folder: Path, tmp_path: Path, size: tuple[int, int], source: str
) -> None:
    """Exif data that state a size of another shape are those of the photo before cropping."""
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({41989: 28, 40962: 4000, 40963: 3000})
    Image.new("RGB", size).save(tmp_path / "photo.jpg", exif=exif)
    outcome = predict(run_folder, tmp_path / "depth", tmp_path / "photo.jpg", "--save", "json")
    assert outcome.code == 0
    facts = json.loads((tmp_path / "depth" / "photo_depth.json").read_text(encoding="utf-8"))
    assert facts["focal_from"] == source
    assert ["before cropping" in line for line in outcome.warnings] == [True] * (source == ASSUMED)


def test_implausible_camera_in_python(run_folder: Path) -> None:
    """The camera given in Python is checked like that of a file."""
    model, image = depth_unet.load(run_folder), np.zeros((120, 160, 3), np.uint8)
    camera = depth_unet.Intrinsics(width=160, height=120, fx_px=150, fy_px=150, cx_px=0, cy_px=0)
    with pytest.warns(UserWarning, match="principal point .* is far from the middle"):
        model.predict(image, camera)


def test_implausible_camera_of_a_data_set(pairs: Path) -> None:
    """Intrinsics of dataset.json that are unlikely give a warning."""
    info = json.loads((pairs / "dataset.json").read_text(encoding="utf-8"))
    info["intrinsics"] |= {"fx_px": 3.0, "fy_px": 3.0}
    (pairs / "dataset.json").write_text(json.dumps(info), encoding="utf-8")
    (warning,) = run("inspect", pairs).warnings
    assert "the intrinsics in dataset.json are implausible" in warning
    assert "field of view" in warning


def test_implausible_cameras_in_the_index(pairs: Path, tmp_path: Path) -> None:
    """So do those that index.csv states for single photos, where the photos' sizes are known."""
    with_columns(pairs, fx_px="51", fy_px="51", cx_px="2", cy_px="23.5")
    words = (
        r"\d+ photos have an implausible camera, such as \S+: its principal point \(2, 23.5\) "
        "is far from the middle .*; correct fx_px, fy_px, cx_px, cy_px"
    )
    for command in (
        ("prepare", pairs, tmp_path / "cache", "--size", "64x48"),
        ("train", "seed", "--data", pairs, "--out", tmp_path / "run", *FEW_STEPS),
    ):
        outcome = run(*command)
        assert outcome.code == 0, outcome.err
        assert any(re.search(words, warning) for warning in outcome.warnings)
    described = " ".join(run("inspect", pairs).out.split())
    assert re.search(f"mistake: {words}", described)
