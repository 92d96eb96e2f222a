"""The page answers with the numbers of Python."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.images.photo import read_photo
from depth_unet.images.resize import resize_image
from depth_unet.outputs.depth_read import read_depth_file
from depth_unet.outputs.statement import read_own
from depth_unet.predict.known import Known
from depth_unet.predict.measure import Estimate
from depth_unet.predict.onnx import OnnxModel
from depth_unet.predict.prediction import Prediction
from tests.browser.conftest import Visitor

EXAMPLES = Path(__file__).parents[2] / "examples/photos"
ORIENTATION, EXIF_IFD, FOCAL = 0x0112, 0x8769, 41989
TOLERANCE_M = 0.01
EXACT_M = 1e-4


def _photo(folder: Path, kind: str) -> Path:
    """A photo for the page; all are parts of an example."""
    source = np.asarray(Image.open(EXAMPLES / "office.jpg"))
    name, exif = folder / f"{kind}.jpg", Image.Exif()
    match kind:
        case "plain":
            return EXAMPLES / "library.jpg"
        case "odd":
            image = resize_image(source, 299, 401)
        case "rotated":
            image = np.rot90(resize_image(source, 480, 640))  # each side is twice the canvas's
            exif[ORIENTATION] = 6
        case "lens":
            image = resize_image(source, 750, 1000)
            exif.get_ifd(EXIF_IFD)[FOCAL] = 26
        case "tiny":
            name, image = name.with_suffix(".png"), resize_image(source, 61, 83)
        case "wide":
            name, image = name.with_suffix(".webp"), resize_image(source[100:260], 333, 1501)
    Image.fromarray(np.ascontiguousarray(image)).save(name, exif=exif, quality=95)
    return name


@pytest.fixture
def opened(
    visitor: Visitor, model: OnnxModel, tmp_path: Path
) -> tuple[Visitor, Prediction, tuple[int, int]]:
    """A visitor who chose the photo with a focal length, and its prediction in Python."""
    photo = _photo(tmp_path, "lens")
    visitor.choose(photo)
    prediction = model.predict(photo)
    return visitor, prediction, prediction.depth_m.shape[::-1]


@pytest.mark.parametrize("kind", ["plain", "odd", "rotated", "lens", "tiny", "wide"])
def test_depth_equals_pythons(
    visitor: Visitor, model: OnnxModel, tmp_path: Path, kind: str
) -> None:
    """Depth of any photo equals Python's to 1 cm, upright and with the focal length of its Exif."""
    photo = _photo(tmp_path, kind)
    visitor.choose(photo)
    expected = model.predict(photo)
    found = visitor.depth_m(tmp_path)
    assert found.shape == expected.depth_m.shape
    assert np.abs(found - expected.depth_m).max() < TOLERANCE_M
    assert (read_photo(photo).focal_px is None) == ("assumed" in visitor.page.inner_text("#focal"))
    assert f"{expected.intrinsics.fx_px:.0f} pixels" in visitor.page.inner_text("#focal")
    height, width = found.shape
    for across, down in ((0.1, 0.1), (0.5, 0.6), (0.93, 0.9)):
        pixel = int(across * width), int(down * height)
        place, told_m = visitor.hover(*pixel, width, height)
        assert np.abs(np.subtract(place, pixel)).max() <= max(1, width / 500)
        depth = expected.measure(place, (0, 0)).start_depth
        assert depth.interval_m is not None
        assert told_m == pytest.approx((depth.metres, *depth.interval_m), abs=TOLERANCE_M)


def test_measures_as_python(
    opened: tuple[Visitor, Prediction, tuple[int, int]], tmp_path: Path
) -> None:
    """Two clicks give the distance of ``depth-unet measure``, with its interval."""
    visitor, prediction, size = opened
    visitor.page.check("input[name=tool][value=measure]")
    visitor.click(150, 500, *size)
    visitor.click(800, 300, *size)
    (item,) = json.loads(visitor.download("json", tmp_path).read_text())["distances"]
    expected = prediction.measure(tuple(item["start"]), tuple(item["stop"]))
    assert item["start"] == pytest.approx((150, 500), abs=1)
    for name in ("distance", "start_depth", "stop_depth"):
        estimate: Estimate = getattr(expected, name)
        assert item[f"{name}_m"] == pytest.approx(estimate.metres, abs=EXACT_M)
        assert item[f"{name}_interval_m"] == pytest.approx(estimate.interval_m, abs=EXACT_M)
    assert visitor.page.inner_text("#distances li span") == str(expected.distance)


def test_known_length_scales_all(
    opened: tuple[Visitor, Prediction, tuple[int, int]], tmp_path: Path
) -> None:
    """One known length scales depth as ``--known``, and its ends narrow the intervals."""
    visitor, prediction, size = opened
    visitor.page.check("input[name=tool][value=known]")
    visitor.click(200, 600, *size)
    visitor.click(700, 640, *size)
    visitor.page.fill("#metres", "2.5")
    visitor.page.press("#metres", "Enter")
    visitor.page.get_by_text("The known length multiplies").wait_for()
    visitor.page.check("input[name=tool][value=measure]")
    visitor.click(200, 600, *size)
    visitor.click(700, 640, *size)
    visitor.click(300, 200, *size)
    visitor.click(700, 240, *size)
    facts = json.loads(visitor.download("json", tmp_path).read_text())
    known, other = facts["distances"]
    assert known["distance_m"] == pytest.approx(2.5, abs=1e-4)
    pixels = (tuple(known["start"]), tuple(known["stop"]))
    calibrated = prediction.calibrated(Known(metres=2.5, pixels=pixels))
    assert facts["depth_scale"] == pytest.approx(calibrated.calibration.depth_scale, rel=1e-5)
    expected = calibrated.measure(tuple(other["start"]), tuple(other["stop"])).distance
    assert other["distance_m"] == pytest.approx(expected.metres, abs=EXACT_M)
    assert other["distance_interval_m"] == pytest.approx(expected.interval_m, abs=EXACT_M)
    assert np.abs(visitor.depth_m(tmp_path) - calibrated.depth_m).max() < TOLERANCE_M


def test_field_of_view_slider(visitor: Visitor, model: OnnxModel, tmp_path: Path) -> None:
    """The slider sets the focal length; Reset returns to the photo's own."""
    visitor.choose(EXAMPLES / "office.jpg")
    visitor.forget_status()
    visitor.page.fill("#fov", "80")
    visitor.wait_for("Predicted")
    expected = model.predict(EXAMPLES / "office.jpg", fov_deg=80).depth_m
    assert np.abs(visitor.depth_m(tmp_path) - expected).max() < TOLERANCE_M
    visitor.forget_status()
    visitor.page.click("#reset")
    visitor.wait_for("Predicted")
    expected = model.predict(EXAMPLES / "office.jpg").depth_m
    assert np.abs(visitor.depth_m(tmp_path) - expected).max() < TOLERANCE_M


def test_downloads_agree(
    opened: tuple[Visitor, Prediction, tuple[int, int]], tmp_path: Path
) -> None:
    """PNG, PLY, GLB and JSON hold what the NumPy array holds, and state their unit and camera."""
    import trimesh

    visitor, prediction, (width, height) = opened
    depth_m = visitor.depth_m(tmp_path)
    files = {kind: visitor.download(kind, tmp_path) for kind in ("png", "ply", "glb", "json")}
    png_m = read_depth_file(files["png"])
    assert np.abs(png_m - depth_m).max() <= 0.0005 + 1e-6
    for path in files.values():
        assert read_own(path)["model"] == "depth-unet transfer"
    facts = json.loads(files["json"].read_text())
    camera, shares = facts["intrinsics"], ("0", "5", "50", "95", "100")
    assert tuple(facts["depth_percentiles_m"]) == shares
    expected_m = np.percentile(depth_m, [float(share) for share in shares])
    assert list(facts["depth_percentiles_m"].values()) == pytest.approx(expected_m, abs=1e-5)
    assert camera["fx_px"] == pytest.approx(prediction.intrinsics.fx_px)
    assert (camera["cx_px"], camera["cy_px"]) == ((width - 1) / 2, (height - 1) / 2)

    cloud = trimesh.load(files["ply"])
    x, y, z = np.asarray(cloud.vertices).T
    columns = np.rint(x / z * camera["fx_px"] + camera["cx_px"]).astype(int)
    rows = np.rint(y / z * camera["fy_px"] + camera["cy_px"]).astype(int)
    assert np.abs(depth_m[rows, columns] - z).max() < 1e-5
    colours = np.asarray(cloud.colors)[:, :3].astype(int)
    assert np.abs(colours - prediction.image[rows, columns]).max() <= 8

    mesh = trimesh.load(files["glb"]).to_geometry()
    x, y, z = np.asarray(mesh.vertices).T * ((1,), (-1,), (-1,))
    columns = np.rint(x / z * camera["fx_px"] + camera["cx_px"]).astype(int)
    rows = np.rint(y / z * camera["fy_px"] + camera["cy_px"]).astype(int)
    assert np.abs(depth_m[rows, columns] - z).max() < 1e-5
    assert len(mesh.vertices) > 0.9 * len(cloud.vertices)
