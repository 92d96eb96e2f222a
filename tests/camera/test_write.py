"""Camera files: what is written is read back without change."""

from pathlib import Path

import pytest
import yaml

from depth_unet.camera.calibration import COUNTS, Calibration, Distortion
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.read import is_own_calibration, read_calibration, scale_calibration
from depth_unet.camera.write import HEADER, write_calibration
from depth_unet.errors import DataError

CAMERA = Intrinsics(width=640, height=480, fx_px=518.857901, fy_px=519.4, cx_px=325.6, cy_px=253.7)
KINDS = [(kind, count) for kind, counts in COUNTS.items() for count in counts]


@pytest.mark.parametrize(("kind", "count"), KINDS)
def test_round_trip(kind: str, count: int, tmp_path: Path) -> None:
    """Every number is the identical one, and every ray."""
    coefficients = tuple(1e-5 * (index + 1) / 3 for index in range(count))
    lens = Calibration(
        intrinsics=CAMERA,
        distortion=kind,  # type: ignore[arg-type]
        coefficients=coefficients,
        depth_scale=1 / 3,
    )
    write_calibration(lens, tmp_path / "camera.yaml")
    found = read_calibration(tmp_path / "camera.yaml")
    assert (found.intrinsics, found.depth_scale) == (CAMERA, 1 / 3)
    assert found.is_pinhole == lens.is_pinhole
    assert (found.rays() == lens.rays()).all()
    if count:
        assert found == lens


@pytest.mark.parametrize(
    ("kind", "count", "model"),
    [
        ("none", 0, "plumb_bob"),
        ("brown", 4, "plumb_bob"),
        ("brown", 5, "plumb_bob"),
        ("brown", 8, "rational_polynomial"),
        ("fisheye", 4, "equidistant"),
    ],
)
def test_fields_are_those_of_ros(kind: Distortion, count: int, model: str, tmp_path: Path) -> None:
    """Every field has ROS's name, and every matrix its rows, columns and numbers."""
    coefficients = tuple(float(index) for index in range(count))
    lens = Calibration(
        intrinsics=Intrinsics(width=8, height=6, fx_px=5.0, fy_px=4.0, cx_px=3.0, cy_px=2.0),
        distortion=kind,
        coefficients=coefficients,
        depth_scale=2.0,
    )
    path = tmp_path / "camera.yaml"
    write_calibration(lens, path)
    head, body = path.read_text().split("image_width", 1)
    assert head == HEADER
    body = "image_width" + body
    bent = list(coefficients) or [0.0] * 5
    assert list(yaml.safe_load(body).items()) == [
        ("image_width", 8),
        ("image_height", 6),
        ("camera_name", "camera"),
        ("camera_matrix", {"rows": 3, "cols": 3, "data": [5, 0, 3, 0, 4, 2, 0, 0, 1]}),
        ("distortion_model", model),
        ("distortion_coefficients", {"rows": 1, "cols": len(bent), "data": bent}),
        ("rectification_matrix", {"rows": 3, "cols": 3, "data": [1, 0, 0, 0, 1, 0, 0, 0, 1]}),
        (
            "projection_matrix",
            {"rows": 3, "cols": 4, "data": [5, 0, 3, 0, 0, 4, 2, 0, 0, 0, 1, 0]},
        ),
        ("predicted_depth_scale", 2.0),
    ]
    assert "data: [5.0, 0.0, 3.0," in body  # a matrix takes few lines


def test_where_the_numbers_come_from(tmp_path: Path) -> None:
    """The file says which weights the scale is for, and that a focal length was not measured."""
    path = tmp_path / "camera.yaml"
    name = "0123456789ab runs/\udcffküche: 1\n\x1b[0m"
    lens = Calibration(intrinsics=CAMERA, distortion="none", scaled_for=name, focal_assumed=True)
    write_calibration(lens, path)
    found = read_calibration(path)
    assert found.scaled_for == "0123456789ab runs/?küche: 1??[0m"
    assert found.focal_assumed
    assert (found.intrinsics, found.depth_scale) == (CAMERA, 1.0)
    assert is_own_calibration(path)
    path.write_text(path.read_text().replace("depth_scale:", "other:"))
    assert not is_own_calibration(path)
    path.write_text("[")
    assert not is_own_calibration(path)


def test_other_size_of_the_same_camera(tmp_path: Path) -> None:
    """The scale of depth does not depend on the photo's size."""
    camera = Intrinsics.centred(640, 480, 500.0)
    lens = Calibration(intrinsics=camera, distortion="none", depth_scale=1.2)
    write_calibration(lens, tmp_path / "camera.yaml")
    found = scale_calibration(read_calibration(tmp_path / "camera.yaml"), 320, 240)
    assert found.intrinsics == Intrinsics.centred(320, 240, 250.0)
    assert found.depth_scale == 1.2


def test_symmetric_camera_in_portrait_format() -> None:
    """A phone held upright is the same camera after a quarter turn, also at another size."""
    camera = Intrinsics.centred(640, 480, 500.0)
    lens = Calibration(intrinsics=camera, distortion="none")
    assert scale_calibration(lens, 240, 320).intrinsics == Intrinsics.centred(240, 320, 250.0)
    other = Calibration(intrinsics=CAMERA, distortion="none")
    with pytest.raises(DataError, match="aspect ratio must be the same"):
        scale_calibration(other, 240, 320)


@pytest.mark.parametrize("scale", ["0", "-1", "1000", ".nan", "[1, 2]", "wide", "~"])
def test_scale_that_cannot_be_meant(scale: str, tmp_path: Path) -> None:
    """One line that names the file and the value."""
    path = tmp_path / "camera.yaml"
    write_calibration(Calibration(intrinsics=CAMERA, distortion="none"), path)
    path.write_text(path.read_text().replace("depth_scale: 1.0", f"depth_scale: {scale}"))
    with pytest.raises(DataError, match=r"camera\.yaml: .*depth[_ ]scale"):
        read_calibration(path)
