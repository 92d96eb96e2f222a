"""Calibration files of every kind, whole, damaged and hostile."""

import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.read import LARGEST_BYTES, read_calibration, scale_calibration
from depth_unet.errors import DataError

ROS = b"""image_width: 640
image_height: 480
camera_matrix: {rows: 3, cols: 3, data: [500, 0, 319.5, 0, 500, 239.5, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [-0.3, 0.1, 0.001, -0.002, 0.0]}
"""
OPENCV_YAML = b"""%YAML:1.0
---
image_width: 640
image_height: 480
camera_matrix: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 500., 0., 319.5, 0., 500., 239.5, 0., 0., 1. ]
distortion_coefficients: !!opencv-matrix
   rows: 1
   cols: 5
   dt: d
   data: [ -0.3, 0.1, 0.001, -0.002, 0. ]
"""
OPENCV_XML = b"""<?xml version="1.0"?>
<opencv_storage>
<!-- calibrated indoors -->
<camera_matrix type_id="opencv-matrix"><rows>3</rows><cols>3</cols><dt>d</dt>
<data>500. 0. 319.5 0. 500. 239.5 0. 0. 1.</data></camera_matrix>
<dist_coeffs type_id="opencv-matrix"><rows>1</rows><cols>5</cols><dt>d</dt>
<data>-0.3 0.1 0.001 -0.002 0.</data></dist_coeffs>
<image_size>640 480</image_size>
</opencv_storage>
"""
OPENCV_JSON = b"""{"K": {"type_id": "opencv-matrix", "rows": 3, "cols": 3, "dt": "d",
"data": [500.0, 0.0, 319.5, 0.0, 500.0, 239.5, 0.0, 0.0, 1.0]},
"D": [-0.3, 0.1, 0.001, -0.002, 0.0], "image_width": 640, "image_height": 480}
"""
COLMAP = b"# cameras\n1 FULL_OPENCV 640 480 500 500 320 240 -0.3 0.1 0.001 -0.002 0 0 0 0\n"
FILES = {"ros": ROS, "yaml": OPENCV_YAML, "xml": OPENCV_XML, "json": OPENCV_JSON, "colmap": COLMAP}
CAMERA = Intrinsics(width=640, height=480, fx_px=500.0, fy_px=500.0, cx_px=319.5, cy_px=239.5)


def write(folder: Path, data: bytes) -> Path:
    """A file whose name does not reveal its format."""
    path = folder / "camera"
    path.write_bytes(data)
    return path


def assert_one_line(error: DataError) -> None:
    """A message for people: one line, not a dump."""
    assert str(error).strip()
    assert "\n" not in str(error)
    assert len(str(error)) < 1000


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(
    "change", [bytes, lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")]
)
def test_kinds_are_known_by_content(kind: str, change: type[bytes], tmp_path: Path) -> None:
    """The same camera comes out of every kind of file, also with Windows' marks and line ends."""
    found = read_calibration(write(tmp_path, change(FILES[kind])))
    assert found.intrinsics == CAMERA
    assert found.distortion == "brown"
    assert found.coefficients[:5] == (-0.3, 0.1, 0.001, -0.002, 0.0)


@pytest.mark.parametrize("kind", ["yaml", "xml", "json"])
def test_size_of_the_photos(kind: str, tmp_path: Path) -> None:
    """A file of OpenCV without a size takes that of the photos, or is refused."""
    names = (b"image_width", b"image_height", b"image_size")
    data = FILES[kind]
    for name in names:
        data = data.replace(name, b"remark_" + name)
    path = write(tmp_path, data)
    assert read_calibration(path, (640, 480)).intrinsics == CAMERA
    with pytest.raises(DataError, match="pass the size of the photos"):
        read_calibration(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no named values"),
        (b"\xff\xfe\x00", "UTF-8"),
        (bytes(1000), "is damaged"),
        (b"name: value\n", "no camera matrix"),
        (b"rgb,depth\na.png,b.png\n", "no named values"),
        (b" " * (LARGEST_BYTES + 1), "larger than"),
        (ROS.replace(b"500,", b".nan,"), "finite"),
        (OPENCV_YAML.replace(b"500.", b"0."), "focal lengths"),
        (OPENCV_XML.replace(b"239.5", b""), "8 numbers"),
        (OPENCV_JSON.replace(b"-0.002,", b""), None),
        (OPENCV_JSON.replace(b"0.001,", b"0.001, 1, 2, 3, 4,"), "9 distortion coefficients"),
        (OPENCV_JSON.replace(b"640", b"1e999"), "image size"),
        (b"a: &a [x]\n" + b"b: [*a, *a]\n" + ROS, "aliases"),
        (b"a: &a {x: 1}\nb: {<<: [*a, *a]}\n" + ROS, "aliases"),
    ],
    ids=lambda value: re.sub(r"\W+", " ", str(value))[:30],
)
def test_damaged_files(data: bytes, words: str | None, tmp_path: Path) -> None:
    """The error is one line that begins with the file."""
    path = write(tmp_path, data)
    if words is None:
        assert len(read_calibration(path).coefficients) == 4
        return
    with pytest.raises(DataError, match=words) as caught:
        read_calibration(path)
    assert_one_line(caught.value)
    assert str(caught.value).startswith(str(path))


def test_files_that_are_none(tmp_path: Path) -> None:
    """A missing file, a folder and a pipe that nobody writes into are refused at once."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "pipe"):
        with pytest.raises(DataError, match="is not a file"):
            read_calibration(path)


def test_scaled_to_another_size() -> None:
    """Photos of the same shape, within a hundredth, take the calibration resized."""
    lens = Calibration(intrinsics=CAMERA, distortion="none")
    assert scale_calibration(lens, 640, 480) == lens
    assert scale_calibration(lens, 320, 240) == lens.resized(320, 240)
    assert scale_calibration(lens, 322, 240) == lens.resized(322, 240)


@pytest.mark.parametrize("size", [(480, 640), (640, 360), (330, 240), (0, 480), (640, 0), (0, 0)])
def test_scaled_to_another_shape(size: tuple[int, int]) -> None:
    """A cropped or turned photo is refused; the message names both sizes where both are sizes."""
    lens = Calibration(intrinsics=replace(CAMERA, fy_px=CAMERA.fy_px + 1), distortion="none")
    with pytest.raises(DataError) as caught:
        scale_calibration(lens, *size)
    assert f"{size[0]}x{size[1]}" in str(caught.value)
    assert "640x480" in str(caught.value) or size == (0, 0)


@settings(max_examples=100)
@given(
    kind=st.sampled_from(sorted(FILES)),
    changes=st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(0, 12),
            st.sampled_from(
                (
                    b"",
                    b"nan",
                    b"1e999",
                    b"-1",
                    b"0",
                    b"[",
                    b"{",
                    b"&a ",
                    b"*a",
                    b"!!",
                    b"<!",
                    b"\xff",
                )
            )
            | st.binary(max_size=6),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_changed_files(kind: str, changes: list[tuple[float, int, bytes]]) -> None:
    """Bytes taken out and put in: a calibration with a ray per pixel, or one line."""
    data = FILES[kind]
    for place, length, put in changes:
        at = round(place * len(data))
        data = data[:at] + put + data[at + length :]
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read_calibration(write(Path(folder), data), (640, 480))
        except DataError as error:
            assert_one_line(error)
        else:
            assert found.resized(8, 6).rays().shape == (6, 8, 2)
