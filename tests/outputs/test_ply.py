"""PLY: a reader gets the same points, and a room keeps its right angles."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from depth_unet.errors import DataError
from depth_unet.outputs.cloud import PointCloud, unproject
from depth_unet.outputs.ply import write_ply
from tests.outputs.conftest import COLOURS, Room


def cloud_of(num_points: int) -> PointCloud:
    """Points and colours at random."""
    rng = np.random.default_rng(0)
    return PointCloud(
        points_m=rng.normal(size=(num_points, 3)).astype(np.float32),
        colours=rng.integers(0, 256, (num_points, 3), np.uint8),
    )


def header_of(path: Path) -> list[str]:
    """The lines before the points."""
    return path.read_bytes().partition(b"end_header\n")[0].decode("ascii").splitlines()


def test_points_and_colours_come_back(tmp_path: Path) -> None:
    """Another library reads the same numbers, bit for bit."""
    cloud, path = cloud_of(1000), tmp_path / "deep" / "room.ply"
    write_ply(cloud, path, "metres")
    read = trimesh.load(path)
    np.testing.assert_array_equal(read.vertices.astype(np.float32), cloud.points_m)
    np.testing.assert_array_equal(read.colors[:, :3], cloud.colours)
    assert list(path.parent.iterdir()) == [path]


def test_the_comment_is_one_line_of_the_header(tmp_path: Path) -> None:
    """Unit and model stand in the header; a line break cannot end it, nor a letter break it."""
    path = tmp_path / "room.ply"
    write_ply(cloud_of(3), path, "unit: metres\nend_header\r\n\tmodel: \N{SNOWMAN}\x00")
    assert header_of(path)[:4] == [
        "ply",
        "format binary_little_endian 1.0",
        "comment unit: metres end_header model: ??",
        "element vertex 3",
    ]


def test_the_size_is_15_bytes_a_point(tmp_path: Path) -> None:
    """Three floats and three bytes follow the header, and nothing after them."""
    path = tmp_path / "room.ply"
    write_ply(cloud_of(7), path, "metres")
    assert len(path.read_bytes().partition(b"end_header\n")[2]) == 7 * 15


def test_normals_and_confidence_are_properties(tmp_path: Path) -> None:
    """They have the names that MeshLab and Open3D know, and the values of the cloud."""
    plain, path = cloud_of(50), tmp_path / "room.ply"
    rng = np.random.default_rng(1)
    cloud = replace(
        plain,
        normals=rng.normal(size=(50, 3)).astype(np.float32),
        confidence=rng.uniform(0.1, 1, 50).astype(np.float32),
    )
    write_ply(cloud, path, "metres")
    names = [line.split()[1:] for line in header_of(path) if line.startswith("property")]
    assert names == [
        *(["float", name] for name in ("x", "y", "z", "nx", "ny", "nz")),
        *(["uchar", name] for name in ("red", "green", "blue")),
        ["float", "confidence"],
    ]
    vertices = trimesh.load(path).metadata["_ply_raw"]["vertex"]["data"]
    for axis in range(3):
        np.testing.assert_array_equal(vertices["n" + "xyz"[axis]].ravel(), cloud.normals[:, axis])
    np.testing.assert_array_equal(vertices["confidence"].ravel(), cloud.confidence)
    np.testing.assert_array_equal(trimesh.load(path).colors[:, :3], cloud.colours)


def test_a_cloud_of_none_is_a_file_of_none(tmp_path: Path) -> None:
    """No points: a header that says so."""
    path = tmp_path / "room.ply"
    write_ply(cloud_of(0), path, "metres")
    assert "element vertex 0" in header_of(path)


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    """The error is the package's own."""
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is a file"):
        write_ply(cloud_of(1), tmp_path / "file" / "room.ply", "metres")


def test_a_room_comes_back_with_right_angles(room: Room, tmp_path: Path) -> None:
    """Planes fitted to its sides: within 1 mm of the truth, at 90 degrees within 0.1."""
    path = tmp_path / "room.ply"
    write_ply(unproject(room.depth_m, room.rays, room.image), path, "metres")
    read = trimesh.load(path)
    fitted: dict[int, np.ndarray] = {}
    for side, colour in enumerate(COLOURS):
        points_m = read.vertices[(read.colors[:, :3] == colour).all(axis=1)]
        if len(points_m) < 500:
            continue
        middle_m = points_m.mean(axis=0)
        normal = np.linalg.svd(points_m - middle_m, full_matrices=False)[2][2]
        fitted[side] = normal * np.sign(normal @ middle_m)
        assert np.abs((points_m - middle_m) @ normal).max() < 1e-3
        assert fitted[side] @ middle_m == pytest.approx(room.distances_m[side], abs=1e-3)
        assert fitted[side] @ room.normals[side] > np.cos(np.radians(0.1))
    assert len(fitted) >= 4
    for one, normal in fitted.items():
        for other, across in fitted.items():
            if (one - other) % 3:
                assert abs(np.degrees(np.arccos(normal @ across)) - 90) < 0.1
