"""Facts about a data set, read and written."""

import json
from pathlib import Path

import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_FOCAL
from depth_unet.data.info import DatasetInfo, read_info, read_stated, write_info
from depth_unet.data.layout import PairRow
from depth_unet.errors import DataError


def info(root: Path, **values: object) -> DatasetInfo:
    """Read a dataset.json with these values."""
    (root / "dataset.json").write_text(json.dumps(values), encoding="utf-8")
    return read_info(root)


def test_info_round_trip(tmp_path: Path) -> None:
    """What holds for a data set comes back as it was written."""
    camera = Intrinsics(width=640, height=480, fx_px=518.9, fy_px=519.5, cx_px=325.6, cy_px=253.7)
    for written in (
        DatasetInfo(name="räume"),
        DatasetInfo(
            name="x", metres_per_unit=0.00025, border_px=10, max_depth_m=8.5, intrinsics=camera
        ),
    ):
        write_info(tmp_path, written)
        assert read_info(tmp_path) == written


def test_without_info_the_defaults_hold(tmp_path: Path) -> None:
    """Without dataset.json depth is in millimetres, and the name is the folder's."""
    assert read_info(tmp_path) == DatasetInfo(name=tmp_path.name)
    assert info(tmp_path) == DatasetInfo(name=tmp_path.name)
    assert DatasetInfo(name="x").metres_per_unit == 1e-3


@pytest.mark.parametrize(
    ("unit", "metres"), [("mm", 1e-3), ("cm", 1e-2), ("m", 1.0), (0.0002, 0.0002)]
)
def test_depth_units(tmp_path: Path, unit: str | float, metres: float) -> None:
    """A unit is a name or a number of metres per count."""
    assert info(tmp_path, depth_unit=unit).metres_per_unit == metres


@pytest.mark.parametrize(
    "values",
    [
        {"depth_unit": "inch"},
        {"depth_unit": 0},
        {"depth_unit": -0.001},
        {"depth_unit": None},
        {"depth_unit": float("inf")},
        {"border_px": -1},
        {"border_px": "wide"},
        {"max_depth_m": 0},
        {"max_depth_m": 70},
        {"max_depth_m": float("nan")},
        {"intrinsics": {"fx_px": 500}},
        {"intrinsics": [1, 2, 3, 4]},
        {"border_px": float("inf")},
        {
            "intrinsics": {
                "width": 640, "height": 480, "fx_px": 0.0, "fy_px": 5.0, "cx_px": 3.0, "cy_px": 4.0,
            }
        },
    ],
)  # fmt: skip
def test_bad_infos_are_refused(tmp_path: Path, values: dict[str, object]) -> None:
    """A value that cannot be used is refused in one line that names the file."""
    with pytest.raises(DataError, match=r"dataset\.json") as caught:
        info(tmp_path, **values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "size", [(0, 480), (640, -1), (0.5, 480), (640.5, 480), ("640", 480), (None, 480), (True, 480)]
)
def test_camera_of_an_empty_image_is_refused(tmp_path: Path, size: tuple[object, object]) -> None:
    """A camera of an image without pixels cannot be resized, so it is refused when it is read."""
    focal = {"fx_px": 500.0, "fy_px": 500.0, "cx_px": 3.0, "cy_px": 4.0}
    with pytest.raises(DataError, match=r"dataset\.json") as caught:
        info(tmp_path, intrinsics={"width": size[0], "height": size[1], **focal})
    assert "\n" not in str(caught.value)


def test_whole_numbers_are_numbers(tmp_path: Path) -> None:
    """A camera may be written without decimal points."""
    values = {"width": 640, "height": 480, "fx_px": 500, "fy_px": 500, "cx_px": 320, "cy_px": 240}
    camera = info(tmp_path, intrinsics=values).intrinsics
    assert camera == Intrinsics(
        width=640, height=480, fx_px=500.0, fy_px=500.0, cx_px=320.0, cy_px=240.0
    )


@pytest.mark.parametrize("text", ["", "[]", "{", '"mm"', "\xff"])
def test_info_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    """A damaged dataset.json is refused, not overlooked."""
    (tmp_path / "dataset.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"dataset\.json"):
        read_info(tmp_path)


def test_camera_of_a_row() -> None:
    """A row's own camera comes first, then the data set's, then NYU's focal length."""
    camera = Intrinsics.centred(640, 480, 500.0)
    row = PairRow(rgb="a", depth="a")
    own = PairRow(rgb="a", depth="a", camera_px=(70.0, 71.0, 30.0, 20.0))
    of_set = DatasetInfo(name="x", intrinsics=camera)
    assert of_set.camera(row, 240, 320) == camera.resized(320, 240)
    assert of_set.camera(own, 60, 80) == Intrinsics(
        width=80, height=60, fx_px=70.0, fy_px=71.0, cx_px=30.0, cy_px=20.0
    )
    assumed = DatasetInfo(name="x").camera(row, 240, 320)
    assert assumed == Intrinsics.assumed(320, 240, NYU_FOCAL)


def test_what_is_stated(tmp_path: Path) -> None:
    """Fields that the file leaves out are not stated, whatever their default."""
    assert read_stated(tmp_path) == {}
    info(tmp_path, max_depth_m=10, depth_unit="mm")
    assert read_stated(tmp_path) == {"max_depth_m": 10.0, "metres_per_unit": 1e-3}
