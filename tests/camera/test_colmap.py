"""COLMAP's cameras.txt."""

import pytest

from depth_unet.camera.colmap import colmap_calibration, is_colmap
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import DataError

HEADER = "# Camera list with one line of data per camera:\n#   CAMERA_ID, MODEL, WIDTH, HEIGHT\n\n"
CAMERA = Intrinsics(width=640, height=480, fx_px=500.0, fy_px=500.0, cx_px=319.5, cy_px=239.5)
CASES = {
    "SIMPLE_PINHOLE 640 480 500 320 240": ("none", ()),
    "PINHOLE 640 480 500 500 320 240": ("none", ()),
    "SIMPLE_RADIAL 640 480 500 320 240 0.1": ("brown", (0.1, 0, 0, 0)),
    "RADIAL 640 480 500 320 240 0.1 -0.2": ("brown", (0.1, -0.2, 0, 0)),
    "OPENCV 640 480 500 500 320 240 0.1 -0.2 3e-3 4e-3": ("brown", (0.1, -0.2, 3e-3, 4e-3)),
    "FULL_OPENCV 640 480 500 500 320 240 1 2 3 4 5 6 7 8": ("brown", (1, 2, 3, 4, 5, 6, 7, 8)),
    "OPENCV_FISHEYE 640 480 500 500 320 240 1 2 3 4": ("fisheye", (1, 2, 3, 4)),
}


@pytest.mark.parametrize("line", CASES)
def test_models(line: str) -> None:
    """Each model's parameters go where OpenCV has them; the centre moves by half a pixel."""
    found = colmap_calibration(f"{HEADER}1 {line}\n")
    assert (found.distortion, found.coefficients) == CASES[line]
    assert found.intrinsics == CAMERA


def test_two_focal_lengths() -> None:
    """The first focal length is horizontal, the second vertical."""
    camera = colmap_calibration("1 PINHOLE 640 480 500 510 320 240").intrinsics
    assert (camera.fx_px, camera.fy_px) == (500.0, 510.0)


def test_equal_cameras_are_one() -> None:
    """Cameras that differ in their number alone are the same camera."""
    line = "PINHOLE 640 480 500 500 320 240\n"
    assert colmap_calibration(f"1 {line}2 {line}").intrinsics == CAMERA


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 PINHOLE 640 480 5 5 3 2\n2 PINHOLE 640 480 6 6 3 2\n", "keep one line"),
        ("1 FOV 640 480 500 500 320 240 0.9", "unknown model"),
        ("1 PINHOLE 640", "unknown model"),
        ("1 PINHOLE 640 480 500 500 320", "has 3 parameters"),
        ("1 RADIAL 640 480 500 320 240 0.1 0.2 0.3", "has 6 parameters"),
        ("1 PINHOLE 640 480 a b c d", "numbers"),
        ("1 PINHOLE 640.5 480 500 500 320 240", "numbers"),
        (f"1 PINHOLE {'9' * 5000} 480 500 500 320 240", "numbers"),
        ("1 PINHOLE 999999 480 500 500 320 240", "65535"),
        ("1 PINHOLE 640 480 0 0 320 240", "focal lengths"),
        ("1 PINHOLE 640 480 500 500 nan 240", "finite"),
        ("1 OPENCV 640 480 500 500 320 240 inf 0 0 0", "finite"),
        ("1 PINHOLE -640 480 500 500 320 240", "at least 1"),
        ("# nothing", "expected a line"),
    ],
)
def test_damaged_lines(text: str, words: str) -> None:
    """An error in a line is named."""
    with pytest.raises(DataError, match=words):
        colmap_calibration(text)


@pytest.mark.parametrize("text", ["", "# a comment", "K: [1, 2]", "1 2 3", "<xml/>", "image 3 A"])
def test_other_texts(text: str) -> None:
    """A cameras.txt is known by a number and a name in capitals."""
    assert not is_colmap(text)
    assert is_colmap(f"{HEADER}1 PINHOLE 640 480 500 500 320 240")
