"""Depth files: other programs and our reader get the same numbers."""

import json
import warnings
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from depth_unet.errors import DataError
from depth_unet.outputs.depth_exr import write_exr
from depth_unet.outputs.depth_read import read_depth_file
from depth_unet.outputs.depth_write import write_json, write_npy, write_npz, write_pfm, write_png16
from tests.outputs.depth_files import METADATA, WRITERS


@pytest.fixture
def depth_m() -> np.ndarray:
    """Smooth depth from 0.5 to 9 m."""
    ramp = np.linspace(0.5, 9, 1200, dtype=np.float32).reshape(30, 40)
    return np.ascontiguousarray(ramp)


def test_png(depth_m: np.ndarray, tmp_path: Path) -> None:
    """OpenCV and Pillow read whole millimetres; the file says so, and what predicted it."""
    path = tmp_path / "d.png"
    write_png16(depth_m, path, METADATA)
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None
    assert found.dtype == np.uint16
    assert np.array_equal(found, np.rint(depth_m.astype(float) * 1000))
    with Image.open(path) as image:
        assert str(image.text["unit"]).startswith("millimetres")  # type: ignore[attr-defined]
        assert image.text["model"] == METADATA.model  # type: ignore[attr-defined]
    np.testing.assert_allclose(read_depth_file(path), depth_m, atol=5.1e-4)


def test_png_of_many_rows(tmp_path: Path) -> None:
    """Rows are converted in parts without a seam; what 16 bits cannot hold is a hole."""
    depth_m = np.linspace(0.1, 70, 1100, dtype=np.float32)[:, None].repeat(3, 1)
    write_png16(depth_m, tmp_path / "d.png", METADATA)
    found = cv2.imread(str(tmp_path / "d.png"), cv2.IMREAD_UNCHANGED)
    expected = np.rint(depth_m.astype(float) * 1000)
    assert np.array_equal(found, np.where(expected > 65535, 0, expected))


def test_numpy(depth_m: np.ndarray, tmp_path: Path) -> None:
    """An array is float32 metres, and a JSON file beside it says so."""
    write_npy(depth_m, tmp_path / "d.npy", METADATA)
    assert np.array_equal(np.load(tmp_path / "d.npy"), depth_m)
    facts = json.loads((tmp_path / "d.npy.json").read_text(encoding="utf-8"))
    assert (facts["unit"], facts["model"]) == ("metres", METADATA.model)


def test_archive(depth_m: np.ndarray, tmp_path: Path) -> None:
    """An archive holds depth, uncertainty, the camera's matrix, unit and model, and no pickle."""
    write_npz(depth_m, tmp_path / "d.npz", METADATA, depth_m / 10)
    with np.load(tmp_path / "d.npz", allow_pickle=False) as found:
        assert np.array_equal(found["depth_m"], depth_m)
        assert np.array_equal(found["uncertainty_m"], depth_m / 10)
        assert found["intrinsics_px"].tolist() == [[32.5, 0, 19.5], [0, 32.5, 14.5], [0, 0, 1]]
        assert (str(found["unit"]), str(found["model"])) == ("metres", METADATA.model)
    write_npz(depth_m, tmp_path / "e.npz", METADATA, None)
    with np.load(tmp_path / "e.npz") as found:
        assert "uncertainty_m" not in found.files


def test_exr(depth_m: np.ndarray, tmp_path: Path) -> None:
    """OpenEXR's own library reads channel Z bit by bit, and a header with unit and model."""
    write_exr(depth_m, tmp_path / "d.exr", METADATA)
    with OpenEXR.File(str(tmp_path / "d.exr")) as file:
        header = dict(file.header())
        assert np.array_equal(file.channels()["Z"].pixels, depth_m)
    assert (header["unit"], header["model"]) == ("metres", METADATA.model)


def test_pfm(depth_m: np.ndarray, tmp_path: Path) -> None:
    """OpenCV reads the same floats the same way up; a JSON file states the unit."""
    write_pfm(depth_m, tmp_path / "d.pfm", METADATA)
    assert np.array_equal(cv2.imread(str(tmp_path / "d.pfm"), cv2.IMREAD_UNCHANGED), depth_m)
    assert (tmp_path / "d.pfm").read_bytes().startswith(b"Pf\n40 30\n-1")
    assert json.loads((tmp_path / "d.pfm.json").read_text())["unit"] == "metres"


def test_facts(depth_m: np.ndarray, tmp_path: Path) -> None:
    """JSON states camera and percentiles; of a map without depth there are none."""
    write_json(depth_m, tmp_path / "d.json", METADATA)
    found = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))
    assert found["intrinsics"]["fx_px"] == 32.5
    assert found["depth_percentiles_m"]["100"] == 9.0
    assert found["depth_percentiles_m"]["50"] == pytest.approx(4.75, abs=1e-3)
    write_json(np.zeros((2, 2), np.float32), tmp_path / "e.json", METADATA)
    assert json.loads((tmp_path / "e.json").read_text())["depth_percentiles_m"] == {}


@pytest.mark.parametrize("kind", [".npy", ".npz", ".exr", ".pfm"])
def test_what_is_written_is_read(kind: str, depth_m: np.ndarray, tmp_path: Path) -> None:
    """Files of floats come back bit by bit, holes and infinities too."""
    depth_m[0, :3] = (0, np.inf, np.nan)
    path = tmp_path / f"d{kind}"
    WRITERS[kind](depth_m, path, METADATA)
    assert np.array_equal(read_depth_file(path), depth_m, equal_nan=True)


@pytest.mark.parametrize(
    ("name", "values", "unit", "expected"),
    [
        ("a.npy", np.array([[1500]], np.uint16), None, 1.5),
        ("a.npy", np.array([[1500]], np.int32), 1e-4, 0.15),
        ("a.npy", np.array([[1.5]]), None, 1.5),
        ("a.npy", np.array([[[1.5]]]), None, 1.5),
        ("a.npy", np.array([[150.0]]), 0.01, 1.5),
    ],
)
def test_units(
    tmp_path: Path, name: str, values: np.ndarray, unit: float | None, expected: float
) -> None:
    """Whole numbers are millimetres and floats metres, unless a unit is named."""
    np.save(tmp_path / name, values)
    assert read_depth_file(tmp_path / name, unit).tolist() == [[pytest.approx(expected)]]


@pytest.mark.parametrize("shape", [(1, 4, 5), (4, 5, 1), (4, 5)])
def test_a_single_channel_may_be_an_axis(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """One channel before or after rows and columns is no third axis."""
    np.save(tmp_path / "d.npy", np.ones(shape, np.float32))
    assert read_depth_file(tmp_path / "d.npy").shape == (4, 5)


def test_what_is_no_depth(tmp_path: Path) -> None:
    """A picture, three channels, other archives and missing files are refused in one line."""
    Image.new("L", (4, 4)).save(tmp_path / "picture.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "colour.png")
    np.savez(tmp_path / "two.npz", a=np.ones((2, 2)), b=np.ones((2, 2)))
    np.save(tmp_path / "words.npy", np.array([["a"]]))
    (tmp_path / "x.exr").write_bytes(b"v/1\x01 no")
    for name, says in (
        ("picture.png", "8 bits"),
        ("colour.png", "one number per pixel"),
        ("two.npz", "expected an array called depth_m"),
        ("words.npy", "one number per pixel"),
        ("x.exr", "cannot be read as OpenEXR"),
        ("missing.npy", "is missing"),
        ("notes.txt", "ending .txt"),
    ):
        with pytest.raises(DataError, match=says) as caught:
            read_depth_file(tmp_path / name)
        assert "\n" not in str(caught.value)


@given(st.data())
def test_changed_files(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A file with changed bytes is read, or refused in one line."""
    folder = tmp_path_factory.getbasetemp()
    depth_m = np.ones((6, 8), np.float32)
    kind = data.draw(st.sampled_from(list(WRITERS)))
    path = folder / f"changed{kind}"
    WRITERS[kind](depth_m, path, METADATA)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read_depth_file(path)
        except DataError as error:
            said = str(error)
        else:
            said = "read"
    assert said
    assert "\n" not in said
