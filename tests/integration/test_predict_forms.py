"""``predict``: what it can be given, the camera it is told, and what it can write."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest
import trimesh
from PIL import Image

import depth_unet
from depth_unet.camera import Intrinsics
from depth_unet.predict import EXIF, GIVEN
from tests.integration.commandline import files_below, predict

KINDS = ("png16", "npy", "npz", "exr", "pfm", "color", "panel", "ply", "glb", "plot3d", "json")


@pytest.fixture
def album(photo: Path) -> Path:
    """A folder with a photo, one in a folder below, and one that is hidden."""
    folder = photo.parent
    for name in ("attic/room", "attic/cellar/hall", ".hidden/room"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.open(photo).save(folder / f"{name}.jpg")
    return folder


def test_folders_keep_their_structure(run_folder: Path, album: Path, tmp_path: Path) -> None:
    """Photos below a folder are found, and their results lie as they do; hidden ones are not."""
    out = tmp_path / "depth"
    outcome = predict(run_folder, out, album, "--save", "png16")
    assert outcome.code == 0, outcome.err
    assert files_below(out) == {
        *("attic", "attic/cellar"),
        *("room_depth.png", "attic/room_depth.png", "attic/cellar/hall_depth.png"),
    }


def test_patterns_and_lists(
    run_folder: Path, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pattern stands for the files that match, ``-`` for those that standard input names."""
    out = tmp_path / "pattern"
    assert predict(run_folder, out, f"{album}/**/h*.jpg", "--save", "png16").code == 0
    assert files_below(out) == {"hall_depth.png"}
    listed = f"{album / 'room.png'}\r\n\n{album / 'attic' / 'cellar' / 'hall.jpg'}\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(listed))
    assert predict(run_folder, tmp_path / "list", "-", "--save", "png16").code == 0
    assert files_below(tmp_path / "list") == {"room_depth.png", "hall_depth.png"}
    refused = predict(run_folder, tmp_path / "none", f"{album}/*.nothing")
    assert (refused.code, len(refused.complaints)) == (2, 1)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert predict(run_folder, tmp_path / "none", "-").code == 2
    assert not (tmp_path / "none").exists()


def test_all_kinds_hold_the_same_depth(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Other programs read the same metres from each kind, to its precision."""
    out = tmp_path / "depth"
    outcome = predict(run_folder, out, photo, "--fov", 60, "--save", *KINDS)
    assert (outcome.code, outcome.complaints, outcome.warnings) == (0, [], [])
    depth_m = np.load(out / "room_depth.npy")
    with np.load(out / "room_depth.npz") as archive:
        assert np.array_equal(archive["depth_m"], depth_m)
        focal_px = archive["intrinsics_px"][0, 0]
    assert focal_px == pytest.approx(80 / np.tan(np.radians(30)))
    with OpenEXR.File(str(out / "room_depth.exr")) as file:
        assert np.array_equal(file.channels()["Z"].pixels, depth_m)
    assert np.array_equal(cv2.imread(str(out / "room_depth.pfm"), cv2.IMREAD_UNCHANGED), depth_m)
    png = cv2.imread(str(out / "room_depth.png"), cv2.IMREAD_UNCHANGED)
    assert png is not None
    np.testing.assert_allclose(png / 1000, depth_m, atol=5.1e-4)
    points = np.asarray(trimesh.load(out / "room_points.ply").vertices)
    assert len(points) == depth_m.size
    np.testing.assert_allclose(points[:, 2], depth_m.ravel(), rtol=1e-6)
    columns = points[:, 0] / points[:, 2] * focal_px + 79.5
    np.testing.assert_allclose(columns.reshape(depth_m.shape)[5], np.arange(160), atol=1e-2)
    mesh = trimesh.load(out / "room_mesh.glb", force="mesh")
    assert mesh.extents[2] <= np.ptp(depth_m) + 1e-3
    page = (out / "room_points.html").read_text(encoding="utf-8")
    assert "room.png" in page
    facts = json.loads((out / "room_depth.json").read_text())
    assert (facts["unit"], facts["focal_from"]) == ("metres", GIVEN)
    for picture in ("room_color.png", "room_panel.png"):
        with Image.open(out / picture) as image:
            image.load()


def test_focal_length_of_the_file(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Exif data that state a focal length are believed, without a warning."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[41989] = 28
    path = tmp_path / "phone.jpg"
    Image.open(photo).convert("RGB").save(path, exif=exif)
    out = tmp_path / "depth"
    outcome = predict(run_folder, out, path, "--save", "json")
    assert (outcome.code, outcome.warnings) == (0, [])
    facts = json.loads((out / "phone_depth.json").read_text())
    assert facts["focal_from"] == EXIF
    assert facts["intrinsics"]["fx_px"] == pytest.approx(28 * 200 / 43.2666, rel=1e-3)


def test_calibration_file(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """A calibration holds for photos of its shape, with its distortion; others are named."""
    (tmp_path / "cameras.txt").write_text("1 OPENCV 320 240 300 300 160 120 -0.2 0.05 0 0\n")
    Image.new("RGB", (90, 200)).save(photo.parent / "tall.png")
    out = tmp_path / "depth"
    options = ("--camera", tmp_path / "cameras.txt", "--save", "json", "ply")
    outcome = predict(run_folder, out, photo.parent, *options)
    assert outcome.code == 3
    (line,) = outcome.complaints
    assert "90x200" in line
    facts = json.loads((out / "room_depth.json").read_text())
    assert facts["intrinsics"]["fx_px"] == pytest.approx(150)
    points = np.asarray(trimesh.load(out / "room_points.ply").vertices)
    rays = points[:, :2] / points[:, 2:]
    plain = (np.arange(160)[0] - facts["intrinsics"]["cx_px"]) / 150
    assert rays[:, 0].min() < plain - 0.005  # a barrel lens sees farther than a pinhole


@pytest.mark.parametrize(
    "options",
    [
        ("--fov", 60, "--focal-px", 100),
        ("--fov", 0),
        ("--fov", 180),
        ("--fov", "nan"),
        ("--camera", "nowhere.yaml"),
        ("--range", "5:1"),
        ("--range", "a:b"),
    ],
)
def test_what_cannot_be(
    run_folder: Path, photo: Path, tmp_path: Path, options: tuple[object, ...]
) -> None:
    """Two cameras, angles that no lens has, missing files and ranges: one line, exit 2."""
    outcome = predict(run_folder, tmp_path / "depth", photo, *options)
    assert (outcome.code, len(outcome.complaints)) == (2, 1)
    assert not (tmp_path / "depth").exists()


def test_in_python(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """A prediction becomes points, a surface, a figure and any file; other endings are refused."""
    model = depth_unet.load(run_folder)
    prediction = model.predict(photo, Intrinsics.centred(160, 120, 140.0))
    assert prediction.intrinsics.fx_px == 140
    cloud, mesh = prediction.point_cloud(stride=4), prediction.mesh()
    assert len(cloud.points_m) == 40 * 30
    assert len(mesh.faces) > 0
    assert prediction.figure("room").get_size_inches()[0] > 4
    prediction.save(tmp_path / "d.ply", photo="room.png")
    assert trimesh.load(tmp_path / "d.ply").vertices.shape == (160 * 120, 3)
    with pytest.raises(depth_unet.ConfigError, match=r"cannot write depth as d\.doc"):
        prediction.save(tmp_path / "d.doc")
