"""``predict``: what it can be given, the camera it is told, and what it can write."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import OpenEXR
import pytest
import trimesh
from PIL import Image

import depth_unet
from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.cli.predict.command import save
from depth_unet.cli.predict.targets import ENDINGS
from depth_unet.config.choices import SaveChoice
from depth_unet.figures.picture import OWN_RANGE
from depth_unet.predict.predictor import EXIF, GIVEN
from tests.integration.commandline import files_below, predict

WORDS = ("png16", "exr", "plot3d", "rrd")  # these encode a photo's name strictly
KINDS = get_args(SaveChoice)


@pytest.fixture
def album(photo: Path) -> Path:
    """A folder with a photo, one in a folder below, and one that is hidden."""
    folder = photo.parent
    for name in ("attic/room", "attic/cellar/hall", ".hidden/room"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.open(photo).save(folder / f"{name}.jpg")
    return folder


def test_folders_keep_their_structure(run_folder: Path, album: Path, tmp_path: Path) -> None:
    """Outputs keep the folder structure of the photos; hidden photos are skipped."""
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
    """A pattern names all files that match, ``-`` the files listed on standard input."""
    out = tmp_path / "pattern"
    assert predict(run_folder, out, f"{album}/**/h*.jpg", "--save", "png16").code == 0
    assert files_below(out) == {"attic", "attic/cellar", "attic/cellar/hall_depth.png"}
    listed = f"{album / 'room.png'}\r\n\n{album / 'attic' / 'cellar' / 'hall.jpg'}\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(listed.encode())))
    assert predict(run_folder, tmp_path / "list", "-", "--save", "png16").code == 0
    assert files_below(tmp_path / "list") == files_below(out) | {"room_depth.png"}
    refused = predict(run_folder, tmp_path / "none", f"{album}/*.nothing")
    assert (refused.code, len(refused.complaints)) == (2, 1)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    assert predict(run_folder, tmp_path / "none", "-").code == 2
    assert not (tmp_path / "none").exists()


def test_names_separated_by_nul(
    run_folder: Path, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names that ``find -print0`` prints, whatever is in them."""
    shutil.copyfile(album / "room.png", album / "two\nlines .png")
    listed = "".join(f"{album / name}\0" for name in ("room.png", "two\nlines .png"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(listed.encode())))
    outcome = predict(run_folder, tmp_path / "depth", "-", "--save", "png16")
    assert outcome.code == 0, outcome.err
    assert files_below(tmp_path / "depth") == {"room_depth.png", "two\nlines _depth.png"}


def test_closed_standard_input(run_folder: Path, tmp_path: Path) -> None:
    """Names that cannot come are one line."""
    arguments = ("predict", "-", "--weights", run_folder, "--out", tmp_path / "depth")
    closed = ("sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "depth_unet")
    done = subprocess.run(
        [*closed, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "depth-unet: error: standard input is closed; write one file name per line to it\n"
    )
    assert not (tmp_path / "depth").exists()


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
    assert len(mesh.faces) > 0.9 * 2 * 159 * 119
    assert mesh.extents[2] == pytest.approx(np.ptp(depth_m), abs=0.05)
    page = (out / "room_points.html").read_text(encoding="utf-8")
    assert "room.png" in page
    facts = json.loads((out / "room_depth.json").read_text())
    assert (facts["unit"], facts["focal_from"]) == ("metres", GIVEN)
    for picture in ("room_color.png", "room_panel.png"):
        with Image.open(out / picture) as image:
            image.load()


def test_focal_length_of_the_file(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """The focal length of the Exif data is used, without a warning."""
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
    """A calibration applies to photos of its aspect ratio; other photos are errors."""
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


def test_results_are_not_predicted(
    run_folder: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outputs inside the input folder are not predicted in the next run."""
    monkeypatch.chdir(photo.parent)
    for out in ("depth", "."):
        assert predict(run_folder, Path(out), ".").code == 0
        again = predict(run_folder, Path(out), ".")
        assert "0 predicted, 0 failed, 1 already there" in again.err


def test_one_bad_photo_does_not_end_it(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """An output that cannot be written is an error of its photo; the others are predicted."""
    folder = photo.parent
    Image.new("RGB", (100, 1)).save(folder / "flat.png")  # no triangle fits
    Image.new("RGB", (30, 20)).save(folder / f"{'n' * 235}.png")
    (folder / "broken.jpg").write_bytes(b"no photo")
    outcome = predict(run_folder, tmp_path / "depth", folder, "--save", "glb")
    assert outcome.code == 3
    assert "1 predicted, 3 failed" in outcome.err
    assert [name for name in ("broken", "flat", "nnn") if name in " ".join(outcome.complaints)] == [
        "broken",
        "flat",
        "nnn",
    ]
    assert files_below(tmp_path / "depth") == {"room_mesh.glb"}


@pytest.mark.parametrize(
    "kind",
    [kind if kind in WORDS else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS],
)
def test_names_of_any_bytes(run_folder: Path, photo: Path, tmp_path: Path, kind: str) -> None:
    """Photos whose names are no UTF-8 are written in every form."""
    name = os.fsdecode(b"room\xe9.png")
    try:
        shutil.copyfile(photo, tmp_path / name)
    except OSError:
        pytest.skip("this file system has no such names")
    prediction = depth_unet.load(run_folder).predict(tmp_path / name)
    save(prediction, {kind: tmp_path / f"d{ENDINGS[kind]}"}, name, OWN_RANGE)  # type: ignore[dict-item,index]
    assert (tmp_path / f"d{ENDINGS[kind]}").exists()  # type: ignore[index]


def test_upright_photos_have_the_same_lens(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """An angle is across the longer side: a phone held upright has the same focal length."""
    Image.open(photo).transpose(Image.Transpose.ROTATE_90).save(photo.parent / "upright.png")
    out = tmp_path / "depth"
    assert predict(run_folder, out, photo.parent, "--fov", 60, "--save", "json").code == 0
    focal = [
        json.loads((out / f"{name}_depth.json").read_text())["intrinsics"]["fx_px"]
        for name in ("room", "upright")
    ]
    assert focal[0] == focal[1] == pytest.approx(80 / np.tan(np.radians(30)))


def test_calibrations_are_of_unturned_photos(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """A photo rotated by its Exif data is refused with a calibration of an asymmetric sensor."""
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.open(photo).convert("RGB").save(tmp_path / "turned.jpg", exif=exif)
    (tmp_path / "cameras.txt").write_text("1 PINHOLE 160 120 150 150 70 60\n")
    options = ("--camera", tmp_path / "cameras.txt")
    outcome = predict(run_folder, tmp_path / "depth", tmp_path / "turned.jpg", *options)
    assert outcome.code == 3
    assert "rotated by its Exif data" in outcome.complaints[-1]


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
    """A prediction becomes points, a surface, a picture and any file; other endings are refused."""
    model = depth_unet.load(run_folder)
    prediction = model.predict(photo, Intrinsics.centred(160, 120, 140.0))
    assert prediction.intrinsics.fx_px == 140
    cloud, mesh = prediction.point_cloud(stride=4), prediction.mesh()
    assert len(cloud.points_m) == 40 * 30
    assert len(mesh.faces) > 0
    assert prediction.picture("room").width > 400
    prediction.save(tmp_path / "d.ply", photo="room.png")
    assert trimesh.load(tmp_path / "d.ply").vertices.shape == (160 * 120, 3)
    prediction.save(tmp_path / "D.NPY")
    assert np.array_equal(np.load(tmp_path / "D.NPY"), prediction.depth_m)
    with pytest.raises(depth_unet.ConfigError, match=r"cannot write depth as d\.doc"):
        prediction.save(tmp_path / "d.doc")
