"""``predict`` with folders and patterns: what is taken, and what is left out and why."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.integration.commandline import Outcome, files_below, predict

ENDINGS_OF = {
    "JPEG": (".jpg", ".jfif", ".jpe", ".jpg_large"),
    "JPEG2000": (".jp2", ".jpf"),
    "PNG": (".apng", ""),
    "MPO": (".mpo",),
    "PPM": (".ppm",),
    "TGA": (".tga",),
    "DIB": (".dib",),
    "WEBP": (".7",),
}


@pytest.fixture
def frames(photo: Path) -> list[Image.Image]:
    """Three different pictures of 160x120."""
    with Image.open(photo) as image:
        first = image.convert("RGB")
    return [first, first.rotate(180), first.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]


def stems(out: Path) -> set[str]:
    """The photos that were predicted, by path without ending."""
    return {
        name.removesuffix("_depth.npy") for name in files_below(out) if name.endswith("_depth.npy")
    }


def told(outcome: Outcome) -> list[str]:
    """What was said of the inputs: all but warnings, speed and progress."""
    return [line for line in outcome.complaints if not line.startswith("predicting took")]


def test_all_endings(run_folder: Path, frames: list[Image.Image], tmp_path: Path) -> None:
    """Every photo that Pillow opens is predicted, by its ending or else by its content."""
    (tmp_path / "album").mkdir()
    for kind, endings in ENDINGS_OF.items():
        for number, ending in enumerate(endings):
            frames[0].save(tmp_path / "album" / f"{kind}-{number}{ending}", kind)
    outcome = predict(run_folder, tmp_path / "depth", tmp_path / "album", "--save", "npy")
    assert (outcome.code, told(outcome)) == (0, [])
    assert stems(tmp_path / "depth") == {
        f"{kind}-{number}" for kind, endings in ENDINGS_OF.items() for number in range(len(endings))
    }


def test_what_is_left_out_is_counted(
    run_folder: Path, frames: list[Image.Image], photo: Path, tmp_path: Path
) -> None:
    """One line says how many files were left out and why; so does the error where none is left."""
    album = photo.parent
    for name in ("notes.txt", "more.txt", "places.json", ".hidden.txt"):
        (album / name).write_text("{}")
    frames[0].save(album / "raw.dng", "TIFF")
    (album / "lost.jpg").symlink_to(album / "gone.jpg")
    line = (
        "5 left out: 3 neither photo nor video (.json, .txt), 1 broken link or special file, "
        "1 raw photo (convert it first)"
    )
    for number, given in enumerate((album, album / "*", f"{album}/**")):
        outcome = predict(run_folder, tmp_path / str(number), given, "--save", "npy")
        assert (outcome.code, told(outcome)) == (0, [line])
        assert stems(tmp_path / str(number)) == {"room"}
    photo.unlink()
    outcome = predict(run_folder, tmp_path / "none", album)
    assert outcome.code == 2
    assert outcome.complaints == [
        f"depth-unet: error: {album} holds no photos or videos ({line}); pass files or another "
        "folder"
    ]


def test_links_to_folders(
    run_folder: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders and patterns enter the same links, once each, and no circle is endless."""
    album = photo.parent
    for name in ("far/hall.jpg", "photos/attic/room.jpg"):
        (tmp_path / name).parent.mkdir()
        Image.open(photo).save(tmp_path / name)
    (album / "linked").symlink_to(tmp_path / "far")
    for number in range(9):
        (album / "attic" / f"up{number}").symlink_to(album)
    (album / "again").symlink_to(album / "attic")
    monkeypatch.chdir(album)
    for number, given in enumerate((".", "**", "**/*.*", f"{album}/**/*.[jp]*g")):
        outcome = predict(run_folder, tmp_path / str(number), given, "--save", "npy")
        assert (outcome.code, told(outcome)) == (0, [])
        assert stems(tmp_path / str(number)) == {"room", "attic/room", "linked/hall"}


def test_link_that_cannot_be_followed(
    run_folder: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link into another user's folder is left out, and nothing else with it."""
    album, stat = photo.parent, Path.stat
    (album / "private").symlink_to(tmp_path)

    def locked(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.name == "private" and follow_symlinks:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", locked)
    for number, given in enumerate((album, album / "*", f"{album}/**")):
        outcome = predict(run_folder, tmp_path / str(number), given, "--save", "npy")
        assert (outcome.code, told(outcome)) == (0, ["1 left out: 1 that cannot be read"])
        assert stems(tmp_path / str(number)) == {"room"}


@pytest.mark.parametrize("kind", ["gif", "webp", "apng", "tiff"])
def test_the_first_frame(
    run_folder: Path, frames: list[Image.Image], kind: str, tmp_path: Path
) -> None:
    """The first frame or page is predicted, and one line says so."""
    (tmp_path / "album").mkdir()
    lossless = {"lossless": True} if kind == "webp" else {}
    for number in range(2):
        path, form = tmp_path / "album" / f"{number}.{kind}", kind.replace("apng", "png")
        frames[0].save(path, form, save_all=True, append_images=frames[1:], **lossless)
    with Image.open(path) as image:
        image.convert("RGB").save(tmp_path / "alone.png")
    options = ("--save", "npy", "--fov", 60)
    outcome = predict(run_folder, tmp_path / "depth", tmp_path / "album", *options)
    assert outcome.code == 0
    assert outcome.warnings == [
        "warning: 2 photos have several frames or pages; only the first was predicted"
    ]
    alone = predict(run_folder, tmp_path / "depth", tmp_path / "alone.png", *options)
    assert (alone.code, alone.warnings) == (0, [])
    first, expected = (np.load(tmp_path / "depth" / f"{n}_depth.npy") for n in ("1", "alone"))
    np.testing.assert_array_equal(first, expected)


def test_several_views_of_one_scene(
    run_folder: Path, frames: list[Image.Image], tmp_path: Path
) -> None:
    """The second picture that phones store in a JPEG file is a preview, and no frame."""
    path = tmp_path / "phone.jpg"
    frames[0].save(path, "MPO", save_all=True, append_images=frames[1:2])
    outcome = predict(run_folder, tmp_path / "depth", path, "--save", "npy", "--fov", 60)
    assert (outcome.code, outcome.warnings) == (0, [])
