"""``predict``: metres for photos, as files."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME
from tests.integration.commandline import files_below, predict

ENDINGS = ("_color.png", "_depth.npy", "_depth.png")
BESIDE = "_depth.npy.json"  # states the unit of what cannot


def test_predict(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Metres as float32 of the photo's size, the same in millimetres as PNG, and a picture."""
    out = tmp_path / "depth"
    outcome = predict(run_folder, out, photo)
    assert (outcome.code, outcome.complaints) == (0, [])
    (warning,) = outcome.warnings
    assert "the photo states no focal length" in warning
    assert files_below(out) == {f"room{ending}" for ending in (*ENDINGS, BESIDE)}
    depth_m = np.load(out / "room_depth.npy", allow_pickle=False)
    assert (depth_m.dtype, depth_m.shape) == (np.float32, (120, 160))
    model = read(run_folder / BEST_NAME).config.model
    assert depth_m.min() > 0.5 * model.min_depth_m  # the range holds for the canonical camera
    assert depth_m.max() < 2 * model.max_depth_m
    with Image.open(out / "room_depth.png") as image:
        assert (image.mode, image.size) == ("I;16", (160, 120))
        np.testing.assert_array_equal(np.asarray(image), np.rint(depth_m.astype(float) * 1000))
    with Image.open(out / "room_color.png") as image:
        image.load()
        assert np.ptp(np.asarray(image.convert("RGB")), axis=-1).max() > 20  # it has colours


def test_predict_many(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """All photos of a folder are predicted, in any size and shape; other files are ignored."""
    sizes = {"wide": (300, 60), "tall": (50, 200), "dot": (1, 1)}
    for name, size in sizes.items():
        Image.new("RGB", size, (90, 120, 150)).save(photo.parent / f"{name}.jpg")
    (photo.parent / "notes.txt").write_text("no photo")
    out = tmp_path / "depth"
    outcome = predict(run_folder, out, photo.parent, "--save", "npy")
    assert outcome.code == 0
    assert f"{out}: 4 predicted, 0 failed, 0 already there" in outcome.err.splitlines()
    for name, (width, height) in (sizes | {"room": (160, 120)}).items():
        depth_m = np.load(out / f"{name}_depth.npy", allow_pickle=False)
        assert depth_m.shape == (height, width)
        assert np.isfinite(depth_m).all()


def test_predict_does_not_replace_results(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Photos whose results are all there are skipped; --overwrite predicts them again."""
    out = tmp_path / "depth"
    assert predict(run_folder, out, photo).code == 0
    (out / "room_depth.npy").write_bytes(b"mine")
    skipped = predict(run_folder, out, photo)
    assert skipped.code == 0
    assert skipped.err.splitlines()[-1] == f"{out}: 0 predicted, 0 failed, 1 already there"
    assert (out / "room_depth.npy").read_bytes() == b"mine"
    assert predict(run_folder, out, photo, "--overwrite").code == 0
    assert np.load(out / "room_depth.npy").shape == (120, 160)
    (out / "room_color.png").unlink()  # as an interrupted run leaves it
    assert predict(run_folder, out, photo).code == 0
    assert files_below(out) == {f"room{ending}" for ending in (*ENDINGS, BESIDE)}


@pytest.mark.parametrize(("kind", "ending"), [("png16", 2), ("npy", 1), ("color", 0)])
def test_predict_saves_what_is_asked_for(
    run_folder: Path, photo: Path, tmp_path: Path, kind: str, ending: int
) -> None:
    """--save decides which files are written."""
    out = tmp_path / "depth"
    assert predict(run_folder, out, photo, "--save", kind).code == 0
    beside = {f"room{BESIDE}"} if kind == "npy" else set()
    assert files_below(out) == {f"room{ENDINGS[ending]}", *beside}


def test_predict_with_a_focal_length(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Twice the focal length is twice the depth; the default is the training camera's."""
    canonical_px = read(run_folder / BEST_NAME).config.model.canonical_focal * 160
    depths = {}
    for name, options in {
        "default": (),
        "canonical": ("--focal-px", canonical_px),
        "twice": ("--focal-px", 2 * canonical_px),
    }.items():
        out = tmp_path / name
        assert predict(run_folder, out, photo, "--save", "npy", *options).code == 0
        depths[name] = np.load(out / "room_depth.npy")
    np.testing.assert_allclose(depths["canonical"], depths["default"], rtol=1e-5)
    np.testing.assert_allclose(depths["twice"], 2 * depths["default"], rtol=1e-5)


def test_predict_in_other_precisions(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """bf16 agrees with fp32 to 5 % and is not the same; fp16 on a CPU is refused."""
    depths = {}
    for precision in ("fp32", "bf16"):
        out = tmp_path / precision
        options = ("--save", "npy", "--device", "cpu", "--precision", precision)
        assert predict(run_folder, out, photo, *options).code == 0
        depths[precision] = np.load(out / "room_depth.npy")
    assert depths["bf16"].dtype == np.float32
    assert 0 < np.abs(np.log(depths["bf16"] / depths["fp32"])).max() < 0.05
    refused = predict(
        run_folder, tmp_path / "none", photo, "--device", "cpu", "--precision", "fp16"
    )
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert not (tmp_path / "none").exists()


def test_predict_in_other_colours(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """--colormap changes the picture's colours: grey has none."""
    spans = {}
    for name in ("magma", "gray"):
        out = tmp_path / name
        options = ("--save", "color", "--colormap", name, "--range", "0:10")
        assert predict(run_folder, out, photo, *options).code == 0
        with Image.open(out / "room_color.png") as image:
            spans[name] = np.ptp(np.asarray(image.convert("RGB")), axis=-1).max()
    assert spans["gray"] < 5
    assert spans["magma"] > 50


def test_predict_distinguishes_photos_of_one_name(
    run_folder: Path, photo: Path, tmp_path: Path
) -> None:
    """Names that differ in their ending keep it; one name in two folders: exit 2, no files."""
    other = photo.with_suffix(".jpg")
    Image.new("RGB", (20, 20)).save(other)
    assert predict(run_folder, tmp_path / "depth", photo.parent, "--save", "png16").code == 0
    assert files_below(tmp_path / "depth") == {"room.png_depth.png", "room.jpg_depth.png"}
    (tmp_path / "elsewhere").mkdir()
    Image.new("RGB", (20, 20)).save(tmp_path / "elsewhere" / "room.jpg")
    refused = predict(run_folder, tmp_path / "none", other, tmp_path / "elsewhere" / "room.jpg")
    assert (refused.code, len(refused.complaints)) == (2, 1)
    assert not (tmp_path / "none").exists()


def test_predict_needs_no_matplotlib(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """Photos become files and pictures without importing matplotlib or TensorBoard."""
    program = (
        "import sys, depth_unet; from depth_unet.cli.main import main; "
        "depth_unet.load(sys.argv[1]).predict(sys.argv[2]).save(sys.argv[3] + '/a.npy'); "
        "code = main(['predict', sys.argv[2], '--weights', sys.argv[1], '--out', sys.argv[3], "
        "'--save', 'png16', 'npy', 'color', 'json']); "
        "heavy = [n for n in ('matplotlib', 'tensorboard') if n in sys.modules]; "
        "print(code, heavy)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(run_folder), str(photo), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "0 []", done.stderr
    assert (tmp_path / "out" / "room_color.png").is_file()
