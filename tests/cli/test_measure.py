"""``depth-unet measure``, and ``--known`` and ``--save-calibration`` of ``predict``."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.read import read_calibration
from depth_unet.cli.main import main
from depth_unet.predict.load import load


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small photo of noise, 160x120."""
    pixels = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "room.png")
    return tmp_path / "room.png"


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of an error."""
    lines = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert len(lines) == 1
    return lines[0]


def test_lines_and_json_are_those_of_python(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two distances, as ``Prediction.measure`` gives them."""
    points = ("10,20", "140,100", "0,0", "159,119")
    assert main(["measure", str(photo), *points, "--fov", "60"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["measure", str(photo), *points, "--fov", "60", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    camera = found["camera"]
    model = load("transfer")

    prediction = model.predict(photo, Intrinsics(**camera))
    expected = [prediction.measure((10, 20), (140, 100)), prediction.measure((0, 0), (159, 119))]
    assert camera["fx_px"] == pytest.approx(80 / np.tan(np.radians(30)))
    assert found["engine"] == model.engine
    assert found["distortion"] == {"model": "none", "coefficients": []}
    assert found["known"] == []
    for line, item, distance in zip(lines, expected, found["distances"], strict=True):
        assert line.startswith(str(item))
        assert distance["distance_m"] == pytest.approx(item.distance.metres)
        assert distance["distance_interval_m"] == pytest.approx(item.distance.interval_m)
        assert distance["start_depth_m"] == pytest.approx(item.start_depth.metres)


def test_picture(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It shows the photo with a line, and is not replaced without ``--overwrite``."""
    out = tmp_path / "lengths.png"
    arguments = ["measure", str(photo), "10,60", "150,60", "--fov", "60", "--out", str(out)]
    assert main(arguments) == 0
    with Image.open(out) as picture, Image.open(photo) as plain:
        assert picture.size == plain.size
        assert picture.getpixel((80, 60)) == (255, 212, 0)
        assert picture.getpixel((80, 10)) == plain.getpixel((80, 10))
    capsys.readouterr()
    assert main(arguments) == 2
    assert "already exists" in complaint(capsys)
    assert main([*arguments, "--overwrite"]) == 0


def test_calibration_file_gives_identical_depth(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What --known scales, the saved camera scales in the same way, to the bit."""
    camera = str(tmp_path / "camera.yaml")
    lens = ["--fov", "60", "--known", "80,60=2.5", "10,60:150,60=2.2"]
    known = [*lens, "--save-calibration", camera]
    save = ["--save", "npy", "json"]
    folders = [str(tmp_path / name) for name in ("known", "camera", "measured")]
    assert main(["predict", str(photo), "--out", folders[0], *save, *known]) == 0
    text = capsys.readouterr().err
    assert "depth is multiplied by" in text
    assert "80,60=2.5: " in text
    assert main(["predict", str(photo), "--out", folders[1], *save, "--camera", camera]) == 0
    assert main(["measure", str(photo), "10,60", "150,60", *known, "--overwrite"]) == 0
    assert main(["predict", str(photo), "--out", folders[2], *save, "--camera", camera]) == 0
    depths = [np.load(Path(folder) / "room_depth.npy") for folder in folders]
    assert (depths[0] == depths[1]).all()
    assert (depths[0] == depths[2]).all()
    plain = load("transfer").predict(photo, read_calibration(Path(camera)).intrinsics)
    ratio = depths[0] / plain.depth_m
    stated = json.loads((Path(folders[0]) / "room_depth.json").read_text())["depth_scale"]
    assert ratio == pytest.approx(float(stated), rel=1e-4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("10,10",), "the number of points is 1"),
        ((), "the number of points is 0"),
        (("10,10", "20"), "the point '20' is not understood"),
        (("10,10", "20.5,3"), "the point '20.5,3' is not understood"),
        (("10,10", "160,3"), "the point 160,3 is outside the photo of 160x120 pixels"),
        (("10,10", "20,20", "--known", "5,5"), "--known '5,5' is not understood"),
        (("10,10", "20,20", "--known", "5,5=x"), "--known '5,5=x' is not understood"),
        (("10,10", "20,20", "--known", "5=2"), "the point '5' is not understood"),
        (("10,10", "20,20", "--known", "5,5:6,6:7,7=2"), "is not understood"),
        (("10,10", "20,20", "--known", "5,5=0"), "5,5=0 is no length"),
        (("10,10", "20,20", "--known", "500,5=1"), "500,5 is outside the photo"),
        (("10,10", "20,20", "--known", "5,5=1", "100,90=90"), "disagree"),
        (("10,10", "20,20", "--known", "5,5=5000"), "times the predicted depth"),
        (("10,10", "20,20", "--known", "5,5=1e300"), "5,5=1e+300 is no length"),
        (("10,10", "20,20", "--known", "5,5=1e-320"), "is no length"),
        (("10,10", "20,20", "--known", "5,5=1_0"), "--known '5,5=1_0' is not understood"),
        (("10,10", "20,20", "--known"), "--known has no value"),
        (("10,10", "1000000000,2"), "the point 1000000000,2 is outside the photo"),
        (("10,10", "20,20", "--save-calibration", "camera.png"), "does not end in .yaml"),
        (("10,10", "20,20", "--out", "picture.jpg"), "does not end in .png"),
    ],
)
def test_bad_input(
    options: tuple[str, ...], words: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line each, and exit code 2."""
    assert main(["measure", str(photo), "--fov", "60", *options]) == 2
    text = capsys.readouterr().err
    assert text.startswith("depth-unet: error: ")
    assert words in text
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "words"), [("", "the name of the photo is empty"), ("folder", "folder is a folder")]
)
def test_what_is_no_photo(
    name: str, words: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty name, as of a variable that is not set, and a folder."""
    photo.with_name("folder").mkdir()
    given = str(photo.with_name(name)) if name else ""
    assert main(["measure", given, "1,2", "3,4"]) == 2
    assert words in complaint(capsys)
    if not name:
        assert main(["measure", str(photo), "1,2", "3,4", "--camera", ""]) == 2
        assert "the name of the calibration file is empty" in complaint(capsys)
        assert main(["predict", given, "--out", str(photo.parent / "out")]) == 2
        assert "an input has an empty name" in complaint(capsys)


@pytest.mark.filterwarnings("always")
def test_an_assumed_focal_length_stays_one(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not saved alone; with a scale, the file and all that read it say that it is assumed."""
    camera = tmp_path / "camera.yaml"
    measure = ["measure", str(photo), "10,60", "150,60", "--json"]
    save = ["--save-calibration", str(camera)]
    assert main([*measure, *save]) == 2
    assert "the focal length is assumed, and no length is known" in complaint(capsys)
    predict = ["predict", str(photo), "--out", str(tmp_path / "out"), "--save", "npy"]
    assert main([*predict, *save]) == 2
    assert "the focal length is assumed" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*"))
    assert not camera.exists()
    for options in ([*save, "--known", "80,60=2.5"], ["--camera", str(camera)]):
        assert main([*measure, *options]) == 0
        found = capsys.readouterr()
        stated = json.loads(found.out)
        assert stated["focal_from"].startswith("assumed")
        known = {"pixels": [[80, 60]], "metres": 2.5, "after_scaling_m": pytest.approx(2.5)}
        assert stated["known"] == ([known] if "--known" in options else [])
        assert found.err.count("camera is assumed") == 1


@pytest.mark.filterwarnings("always")
def test_a_scale_belongs_to_its_weights(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other weights use it with a warning, and are not written into its file."""
    camera = str(tmp_path / "camera.yaml")
    measure = ["measure", str(photo), "10,60", "150,60"]
    known, save = ["--known", "80,60=2.5"], ["--save-calibration", camera, "--overwrite"]
    assert main([*measure, "--fov", "60", *known, *save]) == 0
    assert read_calibration(Path(camera)).scaled_for.endswith(" depth-unet transfer")
    measure += ["--camera", camera]
    assert main([*measure, *save]) == 0
    assert "warning" not in capsys.readouterr().err
    other = [*measure, "--weights", "rendered"]
    assert main(other) == 0
    assert capsys.readouterr().err.count("warning: the camera's depth scale was measured with") == 1
    assert main([*other, *save]) == 2
    assert "camera.yaml is not written" in complaint(capsys)
    assert main([*other, *save, *known]) == 0
    assert read_calibration(Path(camera)).scaled_for.endswith(" depth-unet rendered")


def test_other_files_are_never_replaced(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the photo, nor a picture or a calibration of another program."""
    measure = ["measure", str(photo), "10,60", "150,60", "--fov", "60", "--overwrite"]
    calibration = tmp_path / "ros.yaml"
    calibration.write_text("camera_name: wide\n")
    link = tmp_path / "link.png"
    link.symlink_to(photo)
    lines = tmp_path / "lines.png"
    assert main([*measure, "--out", str(lines)]) == 0
    again = ["measure", str(lines), *measure[2:]]
    files = {path: path.read_bytes() for path in (photo, calibration, lines)}
    capsys.readouterr()
    for arguments in (
        [*measure, "--out", str(photo)],
        [*measure, "--out", str(link)],
        [*again, "--out", str(lines)],
        [*measure, "--save-calibration", str(calibration)],
    ):
        assert main(arguments) == 2
        assert "is never replaced" in complaint(capsys)
    assert files == {path: path.read_bytes() for path in files}


def test_known_lengths_are_for_one_photo(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Several photos, or one whose outputs all exist, are refused before any work."""
    photo.with_name("other.png").write_bytes(photo.read_bytes())
    folder, out = str(photo.parent), str(tmp_path / "out")
    assert main(["predict", folder, "--out", out, "--known", "5,5=2"]) == 2
    assert "are for one photo" in complaint(capsys)
    arguments = ["predict", str(photo), "--out", out, "--save", "npy", "--fov", "60"]
    assert main(arguments) == 0
    capsys.readouterr()
    assert main([*arguments, "--known", "5,5=2"]) == 2
    assert "use --overwrite" in complaint(capsys)
    assert main([*arguments, "--known", "5,5=2", "--overwrite"]) == 0
