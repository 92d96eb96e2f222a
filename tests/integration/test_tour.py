"""A tour: one command over photos of every form, videos, and files that only pretend to be some."""

from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pillow_heif
import pytest
import trimesh
from PIL import Image, ImageOps

from tests.integration.commandline import ERROR, Outcome, depth_unet
from tests.integration.tour import BAD, GOOD, lay_out
from tests.video.clips import pictures, write_clip

KINDS = ("png16", "npy", "npz", "exr", "pfm", "color", "ply", "glb", "json")
LARGE_PIXELS = 10**6
FRAMES = 6
MOST_M = 65.535


def results_of(name: str, out: Path) -> Path:
    """What the names of a photo's results begin with; photos of one name keep their endings."""
    path = out / name
    stems = [Path(other).with_suffix("").as_posix().casefold() for other in GOOD | BAD]
    alone = stems.count(Path(name).with_suffix("").as_posix().casefold()) == 1
    return path.with_suffix("") if alone else path


def shown_size(path: Path) -> tuple[int, int]:
    """Rows and columns as a viewer shows the photo."""
    if path.suffix == ".heic":
        width, height = pillow_heif.open_heif(path).size
        return height, width
    with Image.open(path) as image:
        width, height = ImageOps.exif_transpose(image).size
    return height, width


def beside(start: Path, ending: str) -> str:
    """A result's file."""
    return str(start.with_name(start.name + ending))


def assert_kinds_agree(start: Path, shape: tuple[int, int]) -> None:
    """OpenCV, OpenEXR and trimesh read the same depth from every kind of file."""
    depth_m = np.load(beside(start, "_depth.npy"))
    assert depth_m.shape == shape
    assert np.isfinite(depth_m).all()
    assert depth_m.min() > 0
    png = cv2.imread(beside(start, "_depth.png"), cv2.IMREAD_UNCHANGED)
    assert png is not None
    within = np.where(depth_m > MOST_M, 0, depth_m)  # the training camera sees a strip far away
    np.testing.assert_allclose(png / 1000, within, atol=5.1e-4)
    with OpenEXR.File(beside(start, "_depth.exr")) as file:
        assert np.array_equal(file.channels()["Z"].pixels, depth_m)
    pfm = cv2.imread(beside(start, "_depth.pfm"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(np.asarray(pfm).reshape(shape), depth_m)
    with np.load(beside(start, "_depth.npz")) as archive:
        assert np.array_equal(archive["depth_m"], depth_m)
    if depth_m.size < LARGE_PIXELS:
        points = np.asarray(trimesh.load(beside(start, "_points.ply")).vertices)
        np.testing.assert_allclose(points[:, 2], depth_m.ravel(), rtol=1e-6)


@pytest.mark.slow  # half a minute; forms and broken photos are tested one by one elsewhere
def test_tour(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """All that can be read is predicted in every kind, the rest is named, and the end is told."""
    album, out = tmp_path / "album", tmp_path / "depth"
    with Image.open(photo) as image:
        lay_out(image.convert("RGB"), album)
    clip = write_clip(album / "clip.mp4", pictures(FRAMES)).read_bytes()
    (album / "cut.mp4").write_bytes(clip[: len(clip) // 2])
    outcome = tour(album, out, run_folder)
    assert outcome.code == 3, outcome.err
    errors = [line for line in outcome.complaints if line.startswith(ERROR)]
    named = "\n".join(errors)
    missing = [name for name in (*BAD, "cut.mp4") if name not in named]
    assert not missing
    assert len(errors) == len(BAD) + 1, named
    for name in GOOD:
        assert_kinds_agree(results_of(name, out), shown_size(album / name))
    assert cv2.VideoCapture(str(out / "clip_side.mp4")).get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES
    told = f"{out}: {len(GOOD) + 1} predicted, {len(BAD) + 1} failed, 0 already there"
    assert told in outcome.err


def tour(album: Path, out: Path, run: Path) -> Outcome:
    """One command over everything."""
    given = ("predict", album, "--weights", run, "--out", out, "--save", *KINDS)
    return depth_unet(*given, "--device", "cpu")
