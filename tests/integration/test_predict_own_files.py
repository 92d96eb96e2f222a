"""``predict`` knows its files by what they state, and replaces no other."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from depth_unet.cli.predict.targets import ENDINGS, VIDEO_ENDINGS
from tests.integration.commandline import assert_refused, bytes_below, files_below, predict
from tests.video.clips import pictures, write_clip

WITH_JSON = ("npy", "pfm")
OTHER_FILES = {
    ".png": lambda path: Image.new("RGB", (40, 30), "red").save(path),
    ".json": lambda path: path.write_text('{"quantity": "apples"}'),
    ".html": lambda path: path.write_text('<meta name="description" content="my page">'),
    ".glb": lambda path: path.write_bytes(b"glTF" + bytes(16)),
    ".ply": lambda path: path.write_bytes(b"ply\nformat ascii 1.0\ncomment mine\nend_header\n"),
}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Three frames of 64x48."""
    (tmp_path / "clips").mkdir()
    return write_clip(tmp_path / "clips" / "walk.mp4", pictures(3))


def write_other(path: Path) -> None:
    """A file that ``predict`` did not write."""
    path.parent.mkdir(exist_ok=True)
    OTHER_FILES.get(path.suffix, lambda path: path.write_bytes(b"mine"))(path)


@pytest.mark.parametrize("kind", ENDINGS)
def test_every_kind_is_known(run_folder: Path, photo: Path, tmp_path: Path, kind: str) -> None:
    """A file is known under another name, skipped as an input, and replaced on demand."""
    tricky = photo.with_name("a; quantity: b.png")
    photo.rename(tricky)
    options = ("--save", kind, "--fov", 60)
    assert predict(run_folder, tmp_path / "depth", tricky, *options).code == 0
    written = tmp_path / "depth" / f"{tricky.stem}{ENDINGS[kind]}"  # type: ignore[index]
    again = predict(run_folder, tmp_path / "depth", tricky, *options)
    assert "0 predicted, 0 failed, 1 already there" in again.err
    assert predict(run_folder, tmp_path / "depth", tricky, *options, "--overwrite").code == 0
    renamed = tricky.parent / f"garden{written.suffix}"
    shutil.move(written, renamed)
    if kind in WITH_JSON:
        shutil.move(f"{written}.json", f"{renamed}.json")
    outcome = predict(run_folder, tmp_path / "new", tricky.parent, *options)
    num_files = 2 if kind in WITH_JSON else 1
    assert f"{num_files} left out: {num_files} written by predict" in outcome.err
    assert "1 predicted, 0 failed" in outcome.err


@pytest.mark.parametrize("kind", ENDINGS)
def test_other_files_are_not_replaced(
    run_folder: Path, photo: Path, tmp_path: Path, kind: str
) -> None:
    """A file of the user's is neither counted as done nor replaced: one line, and no work."""
    ending = ENDINGS[kind]  # type: ignore[index]
    for name in (ending, f"{ending}.json") if kind in WITH_JSON else (ending,):
        out = tmp_path / name
        write_other(out / f"room{name}")
        before = bytes_below(out)
        for options in ((), ("--overwrite",)):
            outcome = predict(run_folder, out, photo, "--save", kind, *options)
            assert_refused(outcome, f"room{name} was not written by predict", "--out")
            assert bytes_below(out) == before


@pytest.mark.parametrize("kind", VIDEO_ENDINGS)
def test_videos(run_folder: Path, clip: Path, tmp_path: Path, kind: str) -> None:
    """The same holds for the files and folders of videos."""
    options = ("--video", kind, "--fov", 60)
    out, ending = tmp_path / "depth", VIDEO_ENDINGS[kind]  # type: ignore[index]
    write_other(out / f"walk{ending}")
    before = bytes_below(out)
    for more in ((), ("--overwrite",)):
        outcome = predict(run_folder, out, clip, *options, *more)
        assert_refused(outcome, f"walk{ending} was not written by predict", "--out")
        assert bytes_below(out) == before
    (out / f"walk{ending}").unlink()
    for more in ((), ("--overwrite",)):
        assert predict(run_folder, out, clip, *options, *more).code == 0
    shutil.move(out / f"walk{ending}", clip.parent / f"other{Path(ending).suffix}")
    outcome = predict(run_folder, tmp_path / "new", clip.parent, *options)
    assert "1 predicted, 0 failed" in outcome.err
    assert "written by predict" in outcome.err


def test_frames_of_the_user(run_folder: Path, clip: Path, tmp_path: Path) -> None:
    """A folder of numbered photos is no folder of predicted frames."""
    folder = tmp_path / "depth" / "walk_depth"
    folder.mkdir(parents=True)
    write_other(folder / "000000.png")
    (folder / "times.csv").write_text("frame,time_s\n000000.png,0\n")
    before = bytes_below(tmp_path)
    outcome = predict(run_folder, tmp_path / "depth", clip, "--video", "png16", "--overwrite")
    assert_refused(outcome, "walk_depth/000000.png was not written by predict")
    assert bytes_below(tmp_path) == before


def test_hidden_files_among_frames(run_folder: Path, clip: Path, tmp_path: Path) -> None:
    """What a file manager leaves in a folder of predicted frames makes it no other folder."""
    options = ("--video", "png16", "--fov", 60)
    assert predict(run_folder, tmp_path, clip, *options).code == 0
    before = bytes_below(tmp_path / "walk_depth")
    (tmp_path / "walk_depth" / ".DS_Store").write_bytes(b"\0Bud1")
    outcome = predict(run_folder, tmp_path, clip, *options)
    assert (outcome.code, "1 already there" in outcome.err) == (0, True), outcome.err
    assert predict(run_folder, tmp_path, clip, *options, "--overwrite").code == 0
    assert bytes_below(tmp_path / "walk_depth") == before


def test_photos_named_like_results(run_folder: Path, photo: Path) -> None:
    """Photos are predicted whatever their names are, in the folder of the outputs, too."""
    album = photo.parent
    for name in ("f_color.png", "g_panel.png", "walk_depth/000000.png"):
        (album / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(photo, album / name)
    outcome = predict(run_folder, album, album, "--save", "npy", "color", "--fov", 60)
    assert "4 predicted, 0 failed, 0 already there" in outcome.err
    assert {"f_color_depth.npy", "g_panel_depth.npy", "walk_depth/000000_depth.npy"} <= files_below(
        album
    )
    again = predict(run_folder, album, album, "--save", "npy", "color", "--fov", 60)
    assert "0 predicted, 0 failed, 4 already there" in again.err
    assert "12 left out: 12 written by predict" in again.err


def test_a_refusal_is_one_line(run_folder: Path, photo: Path, tmp_path: Path) -> None:
    """What is left out of a folder is told only if the rest is predicted."""
    (photo.parent / "notes.txt").write_text("no photo")
    write_other(tmp_path / "depth" / "room_color.png")
    outcome = predict(run_folder, tmp_path / "depth", photo.parent)
    assert_refused(outcome, "room_color.png was not written by predict")
