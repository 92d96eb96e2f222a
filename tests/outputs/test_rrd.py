"""Recordings: Rerun's own reader gets the same photo, camera, depth, points and times."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from depth_unet.camera.calibration import Calibration
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.errors import ConfigError, DataError
from depth_unet.outputs.cloud import unproject
from depth_unet.outputs.rrd import open_rrd, write_rrd
from depth_unet.outputs.statement import RRD_APPLICATION, read_own
from tests.outputs.depth_files import METADATA

CAMERA = Intrinsics(width=40, height=30, fx_px=32.5, fy_px=33.0, cx_px=19.0, cy_px=14.5)
LENS = Calibration(intrinsics=CAMERA, distortion="brown", coefficients=(-0.2, 0.05, 0.0, 0.0))
STATED = replace(METADATA, calibration=LENS)


@pytest.fixture
def depth_m() -> np.ndarray:
    """Smooth depth from 0.5 to 9 m."""
    return np.linspace(0.5, 9, 1200, dtype=np.float32).reshape(30, 40)


@pytest.fixture
def image() -> np.ndarray:
    """A smooth picture in which no two pixels are alike."""
    rows, columns = np.indices((30, 40))
    return np.stack((6 * columns, 8 * rows, 3 * (rows + columns)), axis=-1).astype(np.uint8)


def rows_of(path: Path, entity: str) -> list[tuple[float | None, dict[str, Any]]]:
    """Time in seconds, or None, and the values of each row of an entity."""
    from rerun.chunk import RrdReader

    found = []
    for chunk in RrdReader(path).stream().filter(content=entity):
        batch = chunk.to_record_batch()
        times = batch.column("time").to_pylist() if "time" in batch.schema.names else None
        for number in range(batch.num_rows):
            values = {
                name.partition(":")[2] or name: np.asarray(
                    batch.column(name)[number].values.to_pylist()
                )
                for name in batch.schema.names
                if name not in ("time", "rerun.controls.RowId")
            }
            found.append((times and times[number].total_seconds(), values))
    return found


def only_row(path: Path, entity: str) -> dict[str, Any]:
    """The values of an entity that is the same at all times."""
    ((time, values),) = rows_of(path, entity)
    assert time is None
    return values


def pixels_of(values: dict[str, Any], kind: type) -> np.ndarray:
    """The pixels of an image or a depth image of 40x30."""
    (size,) = values["format"]
    assert (size["width"], size["height"]) == (40, 30)
    return np.frombuffer(values["buffer"].astype(np.uint8).tobytes(), kind).reshape(30, 40, -1)


def test_a_photo_comes_back(depth_m: np.ndarray, image: np.ndarray, tmp_path: Path) -> None:
    """Photo and float depth bit by bit, metres as unit, and the half widths."""
    path = tmp_path / "deep" / "room.rrd"
    cloud = unproject(depth_m, LENS.rays(), image)
    write_rrd(image, depth_m, cloud, path, STATED, uncertainty_m=depth_m / 10)
    assert list(path.parent.iterdir()) == [path]
    np.testing.assert_array_equal(pixels_of(only_row(path, "/world/camera/photo"), np.uint8), image)
    for entity, expected in (("/depth", depth_m), ("/uncertainty", depth_m / 10)):
        values = only_row(path, entity)
        assert values["meter"].tolist() == [1.0]
        np.testing.assert_array_equal(pixels_of(values, np.float32)[..., 0], expected)


def test_the_camera_is_a_pinhole(depth_m: np.ndarray, image: np.ndarray, tmp_path: Path) -> None:
    """Its matrix is stored by columns; axes are right, down and forward."""
    write_rrd(image, depth_m, unproject(depth_m, LENS.rays(), image), tmp_path / "a.rrd", STATED)
    values = only_row(tmp_path / "a.rrd", "/world/camera")
    matrix = values["image_from_camera"].reshape(3, 3).T
    assert matrix.tolist() == [[32.5, 0, 19], [0, 33, 14.5], [0, 0, 1]]
    assert values["resolution"].tolist() == [[40, 30]]
    assert only_row(tmp_path / "a.rrd", "/world")["xyz"].tolist() == [
        [3, 2, 5]
    ]  # right, down, forward
    assert not rows_of(tmp_path / "a.rrd", "/uncertainty")


def test_points_have_no_distortion(depth_m: np.ndarray, image: np.ndarray, tmp_path: Path) -> None:
    """They are those of the cloud, one per pixel with depth, in the colours of the photo."""
    depth_m[0, :7] = 0
    cloud = unproject(depth_m, LENS.rays(), image)
    write_rrd(image, depth_m, cloud, tmp_path / "a.rrd", STATED)
    values = only_row(tmp_path / "a.rrd", "/world/points")
    assert values["positions"].shape == (1200 - 7, 3)
    np.testing.assert_array_equal(values["positions"].astype(np.float32), cloud.points_m)
    colours = np.stack([values["colors"] >> shift & 255 for shift in (24, 16, 8)], axis=-1)
    np.testing.assert_array_equal(colours, cloud.colours)
    seen = CAMERA.fx_px * cloud.points_m[:, 0] / cloud.points_m[:, 2] + CAMERA.cx_px
    assert np.abs(seen - np.indices((30, 40))[1].ravel()[7:]).max() > 0.5


def test_a_recording_states_what_it_is(
    depth_m: np.ndarray, image: np.ndarray, tmp_path: Path
) -> None:
    """Properties state unit and model; the file is known as ours, others are not."""
    from rerun import AnyValues
    from rerun.chunk import Chunk, LazyChunkStream, RrdReader

    path, other = tmp_path / "a.rrd", tmp_path / "b.rrd"
    write_rrd(image, depth_m, unproject(depth_m, LENS.rays(), image), path, STATED)
    stated = only_row(path, "/__properties/depth_unet")
    assert {key: values.tolist() for key, values in stated.items()} == {
        key: [text] for key, text in STATED.texts("metres").items()
    }
    assert only_row(path, "/__properties")["name"].tolist() == ["room.jpg"]
    (entry,) = RrdReader(path).recordings()
    assert entry.application_id == RRD_APPLICATION
    assert read_own(path)
    stream = LazyChunkStream.from_iter([Chunk.from_property("depth", AnyValues(unit="metres"))])
    stream.write_rrd(other, application_id=f"my {RRD_APPLICATION}", recording_id="mine")
    assert not read_own(other)


def test_frames_lie_on_a_timeline(depth_m: np.ndarray, image: np.ndarray, tmp_path: Path) -> None:
    """Each frame has its time in seconds, depth to the millimetre, and points of its own."""
    path, times_s = tmp_path / "walk.rrd", [0.25, 0.5, 1.75]
    with open_rrd(path, STATED) as add:
        for number, time_s in enumerate(times_s):
            frame_m = depth_m + number
            cloud = unproject(frame_m, LENS.rays(), image, stride=1 + number)
            add(image, frame_m, cloud, time_s)
        assert not path.exists()
    assert [time for time, _ in rows_of(path, "/depth")] == times_s
    for number, (_, values) in enumerate(rows_of(path, "/depth")):
        assert values["meter"].tolist() == [1000.0]
        found_mm = pixels_of(values, np.uint16)[..., 0]
        np.testing.assert_array_equal(found_mm, np.rint((depth_m + number).astype(float) * 1000))
    points = rows_of(path, "/world/points")
    assert [time for time, _ in points] == times_s
    assert [len(values["positions"]) for _, values in points] == [1200, 300, 140]
    for time, values in rows_of(path, "/world/camera/photo"):
        assert time in times_s
        with Image.open(io.BytesIO(values["blob"].astype(np.uint8).tobytes())) as picture:
            assert picture.format == "JPEG"
            assert np.abs(np.asarray(picture).astype(int) - image).mean() < 4
    assert only_row(path, "/world/camera")["resolution"].tolist() == [[40, 30]]


def test_many_frames(image: np.ndarray, tmp_path: Path) -> None:
    """More frames than wait for the disk at once are all written, in order."""
    depth_m = np.ones((30, 40), np.float32)
    with open_rrd(tmp_path / "a.rrd", STATED) as add:
        for number in range(40):
            cloud = unproject(depth_m, LENS.rays(), image, stride=10)
            add(image, depth_m * (number + 1), cloud, number / 4)
    rows = rows_of(tmp_path / "a.rrd", "/depth")
    assert [time for time, _ in rows] == [number / 4 for number in range(40)]
    assert [pixels_of(values, np.uint16).max() for _, values in rows] == [
        1000 * (number + 1) for number in range(40)
    ]


def test_an_error_leaves_no_file(depth_m: np.ndarray, image: np.ndarray, tmp_path: Path) -> None:
    """The error of a frame ends the recording, which is not kept."""
    cloud = unproject(depth_m, LENS.rays(), image)

    def record() -> None:
        with open_rrd(tmp_path / "a.rrd", STATED) as add:
            add(image, depth_m, cloud, 0.0)
            raise DataError("the video is damaged")

    with pytest.raises(DataError, match="the video is damaged"):
        record()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full(
    depth_m: np.ndarray, image: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rerun's error becomes the system's, names the file, and ends a video at once."""
    from rerun.chunk import LazyChunkStream

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("Failed to write: No space left on device (os error 28)")

    monkeypatch.setattr(LazyChunkStream, "write_rrd", fail)
    path, cloud = tmp_path / "a.rrd", unproject(depth_m, LENS.rays(), image)
    with pytest.raises(OSError, match="No space left") as caught:
        write_rrd(image, depth_m, cloud, path, STATED)
    assert caught.value.filename == str(path)

    def record() -> None:
        with open_rrd(path, STATED) as add:
            for number in range(100):
                add(image, depth_m, cloud, float(number))

    with pytest.raises(OSError, match="No space left"):
        record()
    assert list(tmp_path.iterdir()) == []


def test_without_the_library(
    depth_m: np.ndarray, image: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the command that installs it; nothing is written."""
    monkeypatch.setattr("depth_unet.outputs.rrd.find_spec", lambda _: None)
    cloud = unproject(depth_m, LENS.rays(), image)
    with pytest.raises(ConfigError, match=r'rerun-sdk is not installed: pip install "rerun-sdk'):
        write_rrd(image, depth_m, cloud, tmp_path / "a.rrd", STATED)
    assert list(tmp_path.iterdir()) == []
