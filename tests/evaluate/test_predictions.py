"""Depth from files instead of a network: unit, shape, holes."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import DataError
from depth_unet.evaluate.predictions import FilePredictions
from depth_unet.evaluate.score import PredictionsByName, predictor_for
from depth_unet.outputs.depth_read import read_unit
from tests.outputs.depth_files import METADATA, WRITERS

CAMERA = Intrinsics.centred(8, 6, 10.0)
DEPTH_M = np.linspace(1, 4, 48, dtype=np.float32).reshape(6, 8)


def read(path: Path, unit: float | None = None) -> np.ndarray:
    """A file's depth of a photo of 8x6."""
    return FilePredictions({"a.jpg": path}, unit).read("a.jpg", 6, 8)


def test_stands_in_for_a_network(tmp_path: Path) -> None:
    """The predictor for a photo's name returns its file, whatever the photo looks like."""
    np.save(tmp_path / "a.npy", DEPTH_M)
    files = FilePredictions({"a.jpg": tmp_path / "a.npy"})
    assert isinstance(files, PredictionsByName)
    answer = predictor_for(files, "a.jpg")(np.zeros((6, 8, 3), np.uint8), CAMERA)
    assert np.array_equal(answer, DEPTH_M)


def test_unit_of_whole_numbers(tmp_path: Path) -> None:
    """Without a statement 16 bits are millimetres; a given unit replaces that."""
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.full((6, 8), 5000, np.uint16))
    assert read_unit(path) is None
    assert read(path) == pytest.approx(5)
    assert read(path, 2e-4) == pytest.approx(1)


@pytest.mark.parametrize("ending", WRITERS)
def test_unit_that_our_files_state(tmp_path: Path, ending: str) -> None:
    """Our files state their unit; giving the same one is allowed, another is an error."""
    path = tmp_path / f"a{ending}"
    WRITERS[ending](DEPTH_M, path, METADATA)
    unit = read_unit(path)
    assert unit == (1e-3 if ending == ".png" else 1.0)
    for given in (None, unit):
        np.testing.assert_allclose(read(path, given), DEPTH_M, atol=5.1e-4)
    with pytest.raises(DataError, match=r"m per count, but .* leave out --unit"):
        read(path, 1e-2)


@pytest.mark.parametrize("hole", [0, -1, np.nan, np.inf, -np.inf])
def test_holes(tmp_path: Path, hole: float) -> None:
    """Values that are 0, negative or not finite are read as 0 and counted as missing."""
    depth_m = DEPTH_M.copy()
    depth_m[:3] = hole
    np.save(tmp_path / "a.npy", depth_m)
    files = FilePredictions({"a.jpg": tmp_path / "a.npy"})
    found = files.read("a.jpg", 6, 8)
    assert not found[:3].any()
    assert np.array_equal(found[3:], DEPTH_M[3:])
    assert files.missing_share(["a.jpg"]) == pytest.approx(0.5)


@pytest.mark.parametrize("value", [0, np.nan])
def test_file_without_depth(tmp_path: Path, value: float) -> None:
    """A map without any depth is no prediction."""
    np.save(tmp_path / "a.npy", np.full((6, 8), value, np.float32))
    with pytest.raises(DataError, match="holds no depth"):
        read(tmp_path / "a.npy")


@pytest.mark.parametrize("size", [(6, 8), (3, 4), (12, 16), (2, 3), (60, 81)])
def test_sizes_of_the_same_shape(tmp_path: Path, size: tuple[int, int]) -> None:
    """Any size of the photo's shape is taken, rounded to whole pixels."""
    np.save(tmp_path / "a.npy", np.ones(size, np.float32))
    assert read(tmp_path / "a.npy").shape == size


@pytest.mark.parametrize("size", [(8, 6), (6, 10), (60, 82)])
def test_sizes_of_another_shape(tmp_path: Path, size: tuple[int, int]) -> None:
    """A rotated or cropped map is refused."""
    np.save(tmp_path / "a.npy", np.ones(size, np.float32))
    with pytest.raises(DataError, match="its photo is 8x6, another aspect ratio"):
        read(tmp_path / "a.npy")


def test_eight_bits(tmp_path: Path) -> None:
    """A picture with 8 bits is not taken for depth."""
    cv2.imwrite(str(tmp_path / "a.png"), np.full((6, 8), 100, np.uint8))
    with pytest.raises(DataError, match="8 bits"):
        read(tmp_path / "a.png")
