"""ROS's camera_info."""

import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.opencv import parse_fields
from depth_unet.camera.ros import is_ros, ros_calibration
from depth_unet.errors import DataError

FILE = """image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: [500.5, 0, 320, 0, 501.5, 240, 0, 0, 1]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.3, 0.1, 1e-05, -0.002, 0.0]
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [400, 0, 320, 0, 0, 400, 240, 0, 0, 0, 1, 0]}
"""
MESSAGE = """header:
  seq: 17
  frame_id: "camera"
height: 480
width: 640
distortion_model: "plumb_bob"
D: [-0.3, 0.1, 1.0e-05, -0.002, 0.0]
K: [500.5, 0.0, 320.0, 0.0, 501.5, 240.0, 0.0, 0.0, 1.0]
R: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
P: [400.0, 0.0, 320.0, 0.0, 0.0, 400.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0]
binning_x: 0
---
"""
CAMERA = Intrinsics(width=640, height=480, fx_px=500.5, fy_px=501.5, cx_px=320.0, cy_px=240.0)
BOB, FIVE = "plumb_bob", "-0.3, 0.1, 1e-05, -0.002, 0.0"
lower = MESSAGE.replace("D:", "d:").replace("K:", "k:").replace("R:", "r:").replace("P:", "p:")


@pytest.mark.parametrize("text", [FILE, MESSAGE, lower])
def test_file_and_messages(text: str) -> None:
    """The file, the message of ROS 1 and that of ROS 2 hold the same camera."""
    fields = parse_fields(text)
    found = ros_calibration(fields)
    assert is_ros(fields)
    assert found.intrinsics == CAMERA
    assert found.distortion == "brown"
    assert found.coefficients == (-0.3, 0.1, 1e-5, -0.002, 0.0)


@pytest.mark.parametrize(
    ("model", "coefficients", "distortion"),
    [
        ("plumb_bob", "1, 2, 3, 4", "brown"),
        ("rational_polynomial", "1, 2, 3, 4, 5, 6, 7, 8", "brown"),
        ("equidistant", "1, 2, 3, 4", "fisheye"),
        ("''", "", "none"),
        ("plumb_bob", "", "none"),
    ],
)
def test_models(model: str, coefficients: str, distortion: str) -> None:
    """Each model has its number of coefficients; without coefficients, nothing is bent."""
    text = FILE.replace(FIVE, coefficients).replace(BOB, model)
    found = ros_calibration(parse_fields(text))
    assert found.distortion == distortion
    assert len(found.coefficients) == len(coefficients.split())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (BOB, "kannala_brandt", "'kannala_brandt'; expected one of"),
        (BOB, "equidistant", "has 5 coefficients; expected 4"),
        (BOB, "[1, 2]", "''; expected one of"),
        (FIVE, "1, 2, 3, 4, 5, 6, 7, 8", "has 8 coefficients"),
        (FIVE, ".nan, 0, 0, 0, 0", "finite"),
        (FIVE, "a, b, c, d, e", "expected finite numbers"),
        ("[500.5, 0, 320, 0, 501.5,", "[0, 0, 320, 0, 0,", "focal lengths"),
        ("[500.5, 0, 320, 0, 501.5,", "[500.5, 9, 320, 0, 501.5,", "no skew"),
        ("320, 0, 501.5, 240, 0, 0, 1]", "0, 0, 501.5, 0, 320, 240, 1]", "expected fx, 0, cx"),
        ("[500.5, 0,", "[500.5,", "8 numbers, not 9"),
        ("[500.5,", "[true,", "a bool"),
        ("[500.5,", "[0x" + "f" * 5000 + ",", "an? int"),
        ("image_width: 640", "image_width: 640.5", "image size"),
        ("image_width: 640", "image_width: 0", "image size"),
        ("image_width: 640\n", "", "image size"),
        ("image_width: 640\nimage_height: 480\n", "", "states no image size"),
        ("camera_matrix", "projection", "holds no camera matrix"),
    ],
)
def test_damaged_files(old: str, new: str, words: str) -> None:
    """An error in a value is named."""
    assert FILE.count(old) == 1
    with pytest.raises(DataError, match=words):
        ros_calibration(parse_fields(FILE.replace(old, new)))


SENSOR = """height: 960
width: 1280
distortion_model: plumb_bob
D: []
K: [1040.0, 0.0, 640.0, 0.0, 1040.0, 480.0, 0.0, 0.0, 1.0]
binning_x: 0
binning_y: 0
roi:
  x_offset: 320
  y_offset: 240
  height: 480
  width: 640
  do_rectify: False
"""


@pytest.mark.parametrize(
    ("changes", "size", "values"),
    [
        ({}, (640, 480), (1040, 1040, 320, 240)),
        ({"False": "True"}, (640, 480), (1040, 1040, 320, 240)),
        (
            {"binning_x: 0": "binning_x: 2", "binning_y: 0": "binning_y: 2"},
            (320, 240),
            (520, 520, 159.75, 119.75),
        ),
        ({"x_offset: 320": "x_offset: 0"}, (640, 480), (1040, 1040, 640, 240)),
        ({"x_offset: 320": "xOffset: 320"}, (640, 480), (1040, 1040, 320, 240)),
        (
            {"320": "0", "240": "0", "480\n  width: 640": "0\n  width: 0"},
            (1280, 960),
            (1040, 1040, 640, 480),
        ),
    ],
)
def test_region_of_interest(
    changes: dict[str, str], size: tuple[int, int], values: tuple[float, ...]
) -> None:
    """The camera is that of the region, reduced by binning; do_rectify changes nothing."""
    text = SENSOR
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    found = ros_calibration(parse_fields(text), size).intrinsics
    assert (found.width, found.height) == size
    assert found.values_px == pytest.approx(values)


def test_incomplete_bins() -> None:
    """Pixels beyond the last complete bin are dropped, and pixels stay square."""
    text = MESSAGE.replace("binning_x: 0", "binning_x: 3\nbinning_y: 3")
    found = ros_calibration(parse_fields(text)).intrinsics
    assert (found.width, found.height) == (213, 160)
    assert (found.fx_px, found.fy_px) == pytest.approx((500.5 / 3, 501.5 / 3))


@pytest.mark.parametrize(
    ("old", "new", "size", "words"),
    [
        ("x_offset: 320", "x_offset: 641", None, "640x480 pixels at column 641"),
        ("width: 640", "width: 0", None, "expected a region of the image"),
        ("width: 640", "width: -640", None, "expected a whole number"),
        ("width: 640", "width: 12.5", None, "expected a whole number"),
        ("binning_x: 0", "binning_x: 999", None, "binning is 999x1"),
        ("roi:", "roi: [1]\nother:", None, "roi is not a region"),
        ("roi:", "roi:", (1280, 960), "remove roi from the file"),
    ],
)
def test_damaged_regions(old: str, new: str, size: tuple[int, int] | None, words: str) -> None:
    """A region that is not one of the image, or not that of the photo, is refused."""
    with pytest.raises(DataError, match=words):
        ros_calibration(parse_fields(SENSOR.replace(old, new)), size)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            FILE.replace(BOB, "k" * 50),
            f"distortion_model is '{'k' * 40}'; expected one of plumb_bob, rational_polynomial, "
            "equidistant; calibrate with one of these",
        ),
        (
            FILE.replace(BOB, "rational_polynomial"),
            "distortion_model rational_polynomial has 5 coefficients; expected 8 or 12 or 14; "
            "export the file again",
        ),
        (
            SENSOR.replace("roi:", "roi: 1\nother:"),
            "roi is not a region; expected x_offset, y_offset, width and height; correct it",
        ),
        (
            SENSOR.replace("y_offset: 240", "y_offset: 481"),
            "roi is 640x480 pixels at column 320 and row 481; expected a region of the image of "
            "1280x960; correct it",
        ),
        (
            SENSOR.replace("binning_y: 0", "binning_y: 999"),
            "binning is 1x999 and the image has 640x480 pixels; correct it",
        ),
        (
            SENSOR.replace("binning_y: 0", "binning_y: [1, 2, 3, 4, 5]"),
            "binningy is [1.0, 2.0, 3.0, 4.0]; expected a whole number from 0 to 65535; correct it",
        ),
        (
            FILE.replace("320, 0, 501.5", "639, 0, 501.5"),
            "the principal point (639, 240) is not inside the image of 640x480 pixels; expected it "
            "near the middle; correct the principal point or the image size",
        ),
    ],
)
def test_messages(text: str, message: str) -> None:
    """Each error says what is wrong, what was expected and what to do."""
    with pytest.raises(DataError) as caught:
        ros_calibration(parse_fields(text), (640, 480))
    assert str(caught.value) == message


def test_photos_of_the_sensor_and_of_its_corner() -> None:
    """A region may reach the last row and column; that of the whole sensor takes its photos."""
    corner = SENSOR.replace("x_offset: 320", "x_offset: 640").replace(
        "y_offset: 240", "y_offset: 480"
    )
    assert ros_calibration(parse_fields(corner)).intrinsics.cx_px == 0
    whole = SENSOR.replace("x_offset: 320", "x_offset: 0").replace("y_offset: 240", "y_offset: 0")
    whole = whole.replace("height: 480", "height: 960").replace("width: 640", "width: 1280")
    found = ros_calibration(parse_fields(whole), (1280, 960)).intrinsics
    assert (found.width, found.height) == (1280, 960)
    with pytest.raises(DataError) as caught:
        ros_calibration(parse_fields(SENSOR), (1280, 960))
    assert str(caught.value) == (
        "roi is 640x480 pixels, but the photo has all 1280x960 of the sensor; remove roi from the "
        "file, or use photos of the region"
    )


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ({"distortionmodel": "", "width": 1}, True),
        ({"distortionmodel": "", "imagewidth": 1}, True),
        ({"distortionmodel": "", "imagesize": 1}, False),
        ({"width": 1}, False),
    ],
)
def test_files_of_ros_are_known(fields: dict[str, object], known: bool) -> None:
    """By the name of the model and a width."""
    assert is_ros(fields) == known
