"""``predict`` writes recordings for Rerun: of photos, and of videos over time."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rerun.chunk import RrdReader

import depth_unet
from tests.integration.commandline import assert_refused, predict
from tests.video.clips import pictures, write_clip
from tests.video.test_files import times_of

OPTIONS = ("--fov", 60)


def values_of(path: Path, entity: str, component: str) -> list[tuple[float | None, np.ndarray]]:
    """Time in seconds, or None, and the values of a component in each row."""
    found = []
    for chunk in RrdReader(path).stream().filter(content=entity):
        batch = chunk.to_record_batch()
        timed = "time" in batch.schema.names
        for number, row in enumerate(batch.column(component)):
            time = batch.column("time")[number].as_py().total_seconds() if timed else None
            found.append((time, np.array(row.values.to_pylist())))
    return found


def test_a_photo(photo: Path, tmp_path: Path) -> None:
    """Depth of the array in metres, the camera, uncertainty, and one point for every pixel."""
    outcome = predict(
        Path("transfer"), tmp_path, photo, "--save", "rrd", "npz", "--edge", 0, *OPTIONS
    )
    assert (outcome.code, outcome.complaints) == (0, [])
    path = tmp_path / "room_depth.rrd"
    with np.load(tmp_path / "room_depth.npz") as stored:
        for entity, name in (("/depth", "depth_m"), ("/uncertainty", "uncertainty_m")):
            ((time, buffer),) = values_of(path, entity, "DepthImage:buffer")
            found_m = np.frombuffer(buffer.astype(np.uint8).tobytes(), np.float32)
            assert time is None
            np.testing.assert_array_equal(found_m, stored[name].ravel())
        ((_, matrix),) = values_of(path, "/world/camera", "Pinhole:image_from_camera")
        np.testing.assert_allclose(matrix.reshape(3, 3).T, stored["intrinsics_px"], rtol=1e-6)
    ((_, points_m),) = values_of(path, "/world/points", "Points3D:positions")
    assert points_m.shape == (160 * 120, 3)


def test_uncertain_points_are_left_out(photo: Path, tmp_path: Path) -> None:
    """As many as the PLY file has."""
    found = depth_unet.load().predict(photo)
    assert found.uncertainty_m is not None
    median = float(np.median(found.uncertainty_m / found.depth_m))
    options = ("--save", "rrd", "ply", *OPTIONS, "--max-uncertainty", median)
    assert predict(Path("transfer"), tmp_path, photo, *options).code == 0
    ((_, points_m),) = values_of(tmp_path / "room_depth.rrd", "/world/points", "Points3D:positions")
    header = (tmp_path / "room_points.ply").read_bytes().partition(b"end_header")[0]
    assert f"element vertex {len(points_m)}\n".encode() in header
    assert len(points_m) < 160 * 120


def test_a_video(run_folder: Path, tmp_path: Path) -> None:
    """Every frame at its time, with the depth of the 16-bit PNG files; a photo beside it."""
    (tmp_path / "clips").mkdir()
    clip = write_clip(tmp_path / "clips" / "walk.mp4", pictures(12))
    Image.fromarray(pictures(1)[0]).save(clip.with_suffix(".png"))
    out = tmp_path / "depth"
    options = ("--video", "rrd", "png16", "--save", "rrd", *OPTIONS)
    outcome = predict(run_folder, out, clip.parent, *options)
    assert outcome.code == 0, outcome.err
    assert (out / "walk_depth.rrd").is_file()
    rows = values_of(out / "walk_video.rrd", "/depth", "DepthImage:buffer")
    assert [time for time, _ in rows] == pytest.approx([float(t) for t in times_of(clip)])
    for number, (_, buffer) in enumerate(rows):
        with Image.open(out / "walk_depth" / f"{number:06d}.png") as image:
            expected_mm = np.asarray(image)
        found_mm = np.frombuffer(buffer.astype(np.uint8).tobytes(), np.uint16)
        np.testing.assert_array_equal(found_mm.reshape(expected_mm.shape), expected_mm)
    points = values_of(out / "walk_video.rrd", "/world/points", "Points3D:positions")
    assert [len(points_m) for _, points_m in points] == [64 * 48] * 12
    cut = predict(run_folder, tmp_path / "cut", clip, *options[:2], *OPTIONS, "--edge", 1e-6)
    assert cut.code == 0, cut.err
    points = values_of(tmp_path / "cut" / "walk_video.rrd", "/world/points", "Points3D:positions")
    assert all(len(points_m) < 64 * 48 for _, points_m in points)
    again = predict(run_folder, out, clip.parent, *options)
    assert "0 predicted, 0 failed, 2 already there" in again.err


@pytest.mark.parametrize("option", ["--save", "--video"])
def test_without_the_library(
    option: str, run_folder: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names the command that installs it, before any work."""
    monkeypatch.setattr("depth_unet.cli.predict.command.find_spec", lambda _: None)
    outcome = predict(run_folder, tmp_path / "depth", photo, option, "rrd")
    assert_refused(outcome, f"{option} rrd needs rerun", 'pip install "rerun-sdk', "leave rrd out")
    assert not (tmp_path / "depth").exists()
