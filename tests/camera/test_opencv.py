"""Files of OpenCV's FileStorage, written by OpenCV."""

import json
import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.opencv import numbers_of, opencv_calibration, parse_fields
from depth_unet.errors import DataError

MATRIX = np.array(((500.25, 0, 319.125), (0, 501.75, 1e-5), (0, 0, 1)))
CENTRED = np.array(((500.25, 0, 319.125), (0, 501.75, 239.5), (0, 0, 1)))
FIVE = (-0.3, 0.1, 1e-5, -0.002, 0.0)
CAMERA = Intrinsics(width=640, height=480, fx_px=500.25, fy_px=501.75, cx_px=319.125, cy_px=1e-5)
OLD = """%YAML:1.0
calibration_Time: "Tue Mar  5 10:11:12 2013"
image_Width: 640
image_Height: 480
Camera_Matrix: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 5.0025e+02, 0., 3.19125e+02, 0., 5.0175e+02, 1.e-05,
       0., 0., 1. ]
Distortion_Coefficients: !!opencv-matrix
   rows: 5
   cols: 1
   dt: d
   data: [ -3.0e-01, 1.0e-01, 1.0e-05, -2.0e-03, 0. ]
"""
each_suffix = pytest.mark.parametrize("suffix", ["yml", "xml", "json"])


def written(path: Path, values: dict[str, object]) -> str:
    """The text of a file that OpenCV wrote."""
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for name, value in values.items():
        if isinstance(value, tuple):
            storage.startWriteStruct(name, cv2.FILE_NODE_SEQ)
            for item in value:
                storage.write("", item)
            storage.endWriteStruct()
        else:
            storage.write(name, value)
    storage.release()
    return path.read_text(encoding="utf-8")


def read(text: str, size: tuple[int, int] | None = None) -> Calibration:
    """The calibration of a text."""
    return opencv_calibration(parse_fields(text), size)


@each_suffix
@pytest.mark.parametrize("matrix", ["camera_matrix", "cameraMatrix", "K", "intrinsic_matrix", "M1"])
@pytest.mark.parametrize(
    "coefficients", ["distortion_coefficients", "dist_coeffs", "distCoeffs", "D", "D1"]
)
def test_names(matrix: str, coefficients: str, suffix: str, tmp_path: Path) -> None:
    """Every usual pair of names is found; pixel centres stay where they are."""
    values = {matrix: MATRIX, coefficients: np.array(FIVE), "image_width": 640, "image_height": 480}
    found = read(written(tmp_path / f"camera.{suffix}", values))
    assert found == Calibration(intrinsics=CAMERA, distortion="brown", coefficients=FIVE)


@each_suffix
@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (5,)])
def test_shapes_of_coefficients(shape: tuple[int, ...], suffix: str, tmp_path: Path) -> None:
    """A row, a column or a list of coefficients is the same."""
    values = {"K": MATRIX, "D": np.array(FIVE).reshape(shape), "imageSize": (640, 480)}
    assert read(written(tmp_path / f"camera.{suffix}", values)).coefficients == FIVE


@each_suffix
@pytest.mark.parametrize("name", ["imageSize", "image_size"])
@pytest.mark.parametrize("size", [(640, 480), np.array((640, 480)), np.array(((640.0, 480.0),))])
def test_sizes(size: object, name: str, suffix: str, tmp_path: Path) -> None:
    """Width and height are a list or a matrix; without coefficients, nothing is bent."""
    found = read(written(tmp_path / f"camera.{suffix}", {"K": MATRIX, name: size}))
    assert found == Calibration(intrinsics=CAMERA, distortion="none")


@each_suffix
def test_size_of_the_photos(suffix: str, tmp_path: Path) -> None:
    """The given size is used where the file states none, and only there."""
    bare = written(tmp_path / f"bare.{suffix}", {"K": CENTRED})
    assert read(bare, (640, 480)).intrinsics == replace(CAMERA, cy_px=239.5)
    with pytest.raises(DataError, match="states no image size"):
        read(bare)
    whole = written(tmp_path / f"whole.{suffix}", {"K": MATRIX, "image_size": (640, 480)})
    assert read(whole, (64, 48)).intrinsics == CAMERA


@each_suffix
@pytest.mark.parametrize("key", [{"fisheye_model": 1}, {"distortion_model": "equidistant"}])
def test_fisheye(key: dict[str, object], suffix: str, tmp_path: Path) -> None:
    """Four coefficients are a plumb bob's unless the file says that they are a fisheye's."""
    values = {"K": MATRIX, "D": np.array(FIVE[:4]), "imageSize": (640, 480)}
    assert read(written(tmp_path / f"brown.{suffix}", values)).distortion == "brown"
    values |= key
    assert read(written(tmp_path / f"fisheye.{suffix}", values)).distortion == "fisheye"


def test_files_of_old_versions() -> None:
    """The header, capitals and numbers of OpenCV 2."""
    found = read(OLD)
    assert found == Calibration(intrinsics=CAMERA, distortion="brown", coefficients=FIVE)


def test_lists_of_lists() -> None:
    """What Python programs dump of the same matrices is read as well."""
    text = json.dumps({"camera_matrix": CENTRED.tolist(), "dist_coeff": [list(FIVE)]})
    assert read(text, (640, 480)).coefficients == FIVE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            OLD.replace("Distortion_Coefficients", "distortion_vector"),
            "the file holds the unknown name 'distortionvector'; the coefficients must be called "
            "distortion_coefficients; rename them",
        ),
        (
            OLD.replace("Camera_Matrix", "matrix"),
            "the file holds no camera matrix; expected camera_matrix, cameraMatrix, K, "
            "intrinsic_matrix or M1; rename it",
        ),
        (
            OLD.replace("image_Width: 640\nimage_Height: 480\n", ""),
            "the file states no image size; add image_width and image_height, or pass the size of "
            "the photos",
        ),
        (
            OLD.replace("5.0025e+02, 0.,", "2, 1,"),
            "the camera matrix is [2.0, 1.0, 319.125, 0.0, 501.75, 1e-05, 0.0, 0.0, 1.0]; expected "
            "fx, 0, cx, 0, fy, cy, 0, 0, 1 (no skew); calibrate again",
        ),
        (
            OLD.replace("0., 0., 1.", "0."),
            "the camera matrix has 7 numbers, not 9; export it again",
        ),
        (
            OLD.replace("640", "0"),
            "the image size is [0.0, 480.0]; expected width and height from 1 to 65535 pixels; "
            "correct it",
        ),
        (
            OLD.replace("640", "1"),
            "the principal point (319.125, 1e-05) is not inside the image of 1x480 pixels; "
            "expected it near the middle; correct the principal point or the image size",
        ),
        (
            OLD.replace("640", "[1, 2, 3, 4, 5]"),
            "the image size is [1.0, 2.0, 3.0, 4.0]; expected width and height from 1 to 65535 "
            "pixels; correct it",
        ),
        (
            OLD.replace("5.0025e+02", f"'{'x' * 50}'"),
            f"camera_matrix holds '{'x' * 40}'; expected finite numbers; correct it",
        ),
        (
            OLD.replace("5.0025e+02", "true"),
            "camera_matrix holds a bool; expected finite numbers; correct it",
        ),
        (
            "<a><!DOCTYPE b></a>",
            "the file has XML declarations (<!), which are not supported; remove them",
        ),
        (
            "a: &b 1\nc: *b",
            "the file has YAML aliases (*), which are not supported; write the values out",
        ),
        (
            "[1, 2]",
            "the file holds no named values; expected a camera_info of ROS, a FileStorage of "
            "OpenCV or a cameras.txt of COLMAP; export it again",
        ),
        (
            "a: " + "[" * 17 + "]" * 17,
            "the file has more than 20000 YAML values or 16 levels, or a value of more than 10000 "
            "characters; export it again",
        ),
    ],
)
def test_messages(text: str, message: str) -> None:
    """Each error says what is wrong, what was expected and what to do."""
    with pytest.raises(DataError) as caught:
        read(text)
    assert str(caught.value) == message


def test_levels_and_integers_at_their_limits() -> None:
    """Sixteen levels are read; an integer beyond any float is no number."""
    deepest: object = parse_fields("a: " + "[" * 15 + "]" * 15)["a"]
    for _ in range(14):
        assert isinstance(deepest, list)
        (deepest,) = deepest
    assert deepest == []
    with pytest.raises(DataError, match=r"a holds an? int"):
        numbers_of({"a": [10**400]}, "a")


@pytest.mark.parametrize(
    "text",
    [
        "<a><b></a>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a><K>&x;</K></a>",
        "<?xml version='1.0'?>",
        "<a>" * 100_000,
        '{"K": ',
        '{"K": ' + "[" * 100_000,
        "[1, 2]",
        "",
        "word",
        "K: !!python/object/apply:os.system [ls]",
        "K: *a",
        "[" * 100_000,
        "- " * 100_000,
        "a: [" + "1, " * 50_000 + "]",
        "? 0x" + "f" * 5000 + "\n: 1",
        "a: 1" + ":59" * 200_000,  # minutes of the clock, for YAML
        "K: 2000-99-99",
        "K: !!int ''",
        "K: !!binary aGVsbG8=",
        "K: 1\n---\nK: 2",
        "\0",
    ],
    ids=lambda text: re.sub(r"\W+", " ", text[:20]),
)
def test_hostile_texts(text: str) -> None:
    """Bombs, code and rubbish are refused in one line."""
    with pytest.raises(DataError) as caught:
        read(text, (640, 480))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
