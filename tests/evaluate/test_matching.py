"""Depth files are matched to frames by name or by number, never guessed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depth_unet.cli.predict.targets import ENDINGS
from depth_unet.errors import DataError
from depth_unet.evaluate.matching import (
    DEPTH_SUFFIX,
    list_files,
    match_names,
    match_order,
)
from depth_unet.outputs.depth_write import write_png, write_png16
from tests.outputs.depth_files import METADATA


def folder_of(root: Path, *names: str) -> Path:
    """A folder with empty files of these names."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def matched(root: Path, wanted: list[str], known: list[str] | None = None) -> dict[str, str]:
    """The file of every frame, by path below the folder."""
    found = match_names(list_files(root), wanted, known or wanted)
    return {name: path.relative_to(root).as_posix() for name, path in found.files.items()}


@pytest.mark.parametrize(
    "file",
    [
        "test/a/0001.npy",
        "test/a/0001_depth.png",
        "test/a/0001.jpg_depth.npy",
        "a/0001.exr",
        "0001_depth.pfm",
        "0001.npz",
    ],
)
def test_names_that_fit(tmp_path: Path, file: str) -> None:
    """The photo's path matches, with its ending, ``_depth`` or neither, and any end of it."""
    root = folder_of(tmp_path, file)
    assert matched(root, ["test/a/0001.jpg"]) == {"test/a/0001.jpg": file}


@pytest.mark.parametrize("file", ["b/0001.npy", "01.npy", "0001_pred.npy", "test_a_0001.npy"])
def test_names_that_do_not_fit(tmp_path: Path, file: str) -> None:
    """Another folder, part of a name or an unknown suffix do not match: the frame is missing."""
    with pytest.raises(DataError, match=r"1 of 1 frames have no depth file.*--by order"):
        matched(folder_of(tmp_path, file), ["test/a/0001.jpg"])


def test_bare_names_must_be_unique(tmp_path: Path) -> None:
    """A name that matches two frames matches neither; with their folders both match."""
    wanted = ["a/1.jpg", "b/1.jpg"]
    folder_of(tmp_path / "bare", "1.npy")
    with pytest.raises(DataError, match=r"matches a/1\.jpg and other frames; store the files"):
        matched(tmp_path / "bare", wanted)
    folder_of(tmp_path / "whole", "a/1.npy", "b/1.npy")
    assert matched(tmp_path / "whole", wanted) == {"a/1.jpg": "a/1.npy", "b/1.jpg": "b/1.npy"}


def test_floats_come_before_millimetres(tmp_path: Path) -> None:
    """Of the files that ``predict`` writes for a photo, the array is used, never a picture."""
    root = folder_of(tmp_path, "1_depth.png", "1_depth.npy")
    texts = METADATA.texts("metres")
    for name in ("1_color.png", "1_panel.png", "renamed.png"):
        write_png(Image.new("RGB", (8, 6)), root / name, texts)
    assert matched(root, ["1.jpg"]) == {"1.jpg": "1_depth.npy"}
    assert len(list_files(root)) == 1


def test_frames_that_are_named_like_pictures(tmp_path: Path) -> None:
    """Depth of a photo called ``0001_color`` is found, by whichever program it was written."""
    root = folder_of(tmp_path, "0001_color.png", "0002_panel.npy")
    write_png16(np.ones((6, 8), np.float32), root / "0003_color.png", METADATA)
    wanted = ["0001_color.jpg", "0002_panel.jpg", "0003_color.jpg"]
    assert list(matched(root, wanted).values()) == sorted(path.name for path in root.iterdir())


def test_depth_suffix_is_that_of_predict() -> None:
    """Every depth map of ``predict`` ends in the suffix that is not part of the photo's name."""
    for kind in ("png16", "npy", "npz", "exr", "pfm"):
        assert Path(ENDINGS[kind]).stem == DEPTH_SUFFIX


def test_extra_files_are_those_of_no_frame(tmp_path: Path) -> None:
    """A file of a frame that is not scored is not extra; a file of no frame is."""
    root = folder_of(tmp_path, "1.npy", "2.npy", "other.npy", ".hidden.npy", "notes.txt")
    found = match_names(list_files(root), ["1.jpg"], ["1.jpg", "2.jpg"])
    assert [path.name for path in found.extra] == ["other.npy"]


@pytest.mark.parametrize("first", [0, 1])
def test_order(tmp_path: Path, first: int) -> None:
    """Numbers, not letters, give the order: 10 comes after 9."""
    root = folder_of(tmp_path, *(f"{number}_depth.npy" for number in range(first, first + 12)))
    names = [f"{letter}.jpg" for letter in "lkjihgfedcba"]
    found = match_order(list_files(root), names).files
    assert [found[name].stem for name in names] == [f"{first + i}_depth" for i in range(12)]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (("0.npy", "1.npy"), "2 numbered depth files for 3 frames"),
        (("0.npy", "1.npy", "2.npy", "3.npy"), "4 numbered depth files for 3 frames"),
        (("0.npy", "1.npy", "3.npy"), "number 2 is missing"),
        (("5.npy", "6.npy", "7.npy"), "the first is 5"),
        (("0.npy", "1.npy", "01.npy"), "the same number"),
        (("0.npy", "1.npy", "b.npy"), "does not contain exactly one number"),
        (("0.npy", "1.npy", "2_of_3.npy"), "does not contain exactly one number"),
    ],
)
def test_order_is_strict(tmp_path: Path, files: tuple[str, ...], says: str) -> None:
    """Another count, a gap, a number twice, none or two in a name: refused."""
    with pytest.raises(DataError, match=says):
        match_order(list_files(folder_of(tmp_path, *files)), ["a.jpg", "b.jpg", "c.jpg"])


def test_empty_folder(tmp_path: Path) -> None:
    """A missing folder, and one without depth files, are errors."""
    with pytest.raises(DataError, match="is not a folder"):
        list_files(tmp_path / "no")
    with pytest.raises(DataError, match="holds no depth file"):
        list_files(tmp_path)
