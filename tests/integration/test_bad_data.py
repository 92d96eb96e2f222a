"""Bad data sets: one clear line, exit code 2, and nothing half-written."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import LAST_NAME
from tests.integration.commandline import (
    TINY_MODEL,
    assert_refused,
    bytes_below,
    depth_unet,
    files_below,
)
from tests.integration.spoil import (
    DEFECTS,
    cut,
    lines_of,
    photo_of,
    run_on,
    with_columns,
    write_lines,
)

FEW_STEPS = ("--steps", 1, "--batch-size", 2, "--fraction", 1, *TINY_MODEL)
COMMANDS = ("prepare", "train", "evaluate")

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("defect", DEFECTS)
def test_data_set(command: str, defect: str, pairs: Path, run_folder: Path, tmp_path: Path) -> None:
    """A data set that cannot be used is refused by every command, and no results are written.

    A cache that was begun may stay, for the same command to go on; it does not pass for a cache.
    """
    out, (spoil, words) = tmp_path / "out", DEFECTS[defect]
    spoil(pairs)
    options = ("--holdout", "none") if command == "train" else ()
    assert_refused(run_on(command, pairs, run_folder, out, *options), *words)
    assert not list(tmp_path.rglob("*.part*"))
    if command == "prepare":
        assert not (out / "cache.json").exists()
    else:
        assert not out.exists()


@pytest.mark.parametrize("defect", ["depth of 8 bits", "sizes differ", "photo of zero bytes"])
def test_held_out_frames_are_checked_before_training(
    defect: str, pairs: Path, run_folder: Path, tmp_path: Path
) -> None:
    """A frame that only validation reads does not end a run that has taken steps."""
    run = tmp_path / "whole"
    assert run_on("train", pairs, run_folder, run).code == 0
    unseen = read(run / LAST_NAME).splits["unseen"]
    # The defects spoil the first line; put an unseen frame there.
    lines = sorted(lines_of(pairs), key=lambda line: line["rgb"] not in unseen)
    assert lines[0]["rgb"] in unseen
    write_lines(pairs, lines)
    DEFECTS[defect][0](pairs)
    out = tmp_path / "out"
    outcome = run_on("train", pairs, run_folder, out, "--steps", 3, "--validate-every", 2)
    assert_refused(outcome, Path(lines[0]["rgb"]).name.removesuffix("rgb.png"))
    assert not out.exists()


def test_prepare_refuses_before_it_writes(pairs: Path, run_folder: Path, tmp_path: Path) -> None:
    """What a file's header tells is found before the output folder is made."""
    for defect in ("depth of 8 bits", "sizes differ", "photo of zero bytes"):
        copy = Path(shutil.copytree(pairs, tmp_path / defect))
        DEFECTS[defect][0](copy)
        assert_refused(run_on("prepare", copy, run_folder, tmp_path / "out"))
        assert not (tmp_path / "out").exists()


def test_repaired_data_set_is_prepared(pairs: Path, run_folder: Path, tmp_path: Path) -> None:
    """Once the damaged file is replaced, the same command makes the cache."""
    out, photo = tmp_path / "out", photo_of(pairs)
    whole = photo.read_bytes()
    cut(photo)
    assert_refused(run_on("prepare", pairs, run_folder, out), photo.name)
    refused = run_on("train", out, run_folder, tmp_path / "run")
    assert_refused(refused, "unfinished")
    photo.write_bytes(whole)
    assert run_on("prepare", pairs, run_folder, out).code == 0
    assert run_on("train", out, run_folder, tmp_path / "run").code == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_overwrite_keeps_what_it_cannot_replace(
    command: str, pairs: Path, run_folder: Path, tmp_path: Path
) -> None:
    """With --overwrite, too, a refused request leaves the earlier results as they were."""
    out, options = tmp_path / "out", ("--holdout", "none") if command == "train" else ()
    assert run_on(command, pairs, run_folder, out, *options).code == 0
    before = bytes_below(out)
    DEFECTS["depth of 8 bits"][0](pairs)
    refused = run_on(command, pairs, run_folder, out, *options, "--overwrite")
    assert_refused(refused, "_depth.png")
    assert bytes_below(out) == before


def test_index_of_a_spreadsheet(pairs: Path, run_folder: Path, tmp_path: Path) -> None:
    """A byte-order mark, CRLF, spaces after commas and backslashes are fine."""
    text = (pairs / "index.csv").read_text(encoding="utf-8")
    text = "\r\n".join(text.splitlines()).replace(",", ", ").replace("/", "\\") + "\r\n"
    (pairs / "index.csv").write_bytes(text.encode("utf-8-sig"))
    assert run_on("prepare", pairs, run_folder, tmp_path / "out").code == 0
    assert depth_unet("prepare", pairs, tmp_path / "out", "--size", "64x48").warnings == []


def test_data_set_without_a_camera(pairs: Path, run_folder: Path, tmp_path: Path) -> None:
    """It is used, and one line of warning names the focal length that is assumed."""
    (pairs / "dataset.json").unlink()
    outcome = run_on("prepare", pairs, run_folder, tmp_path / "out")
    assert (outcome.code, len(outcome.warnings)) == (0, 1)
    assert "focal length" in outcome.warnings[0]


def test_data_set_of_test_frames(pairs: Path, run_folder: Path, tmp_path: Path) -> None:
    """Nothing is left to train on, and that is what the complaint says."""
    with_columns(pairs, official_split="test")
    assert_refused(run_on("train", pairs, run_folder, tmp_path / "out"), "test")
    assert not (tmp_path / "out").exists()


def test_depth_outside_the_crop(pairs: Path, run_folder: Path, tmp_path: Path) -> None:
    """Ground truth that a protocol's crop leaves nothing of: exit 2, and no file is begun."""
    for path in pairs.glob("test/*/*_depth.png"):
        depth_mm = np.zeros((480, 640), np.uint16)
        depth_mm[:10] = 2000
        cv2.imwrite(str(path), depth_mm)
    out = tmp_path / "out"
    given = ("--data", pairs, "--out", out, "--split", "test", "--protocol", "nyu-eigen")
    assert_refused(depth_unet("evaluate", run_folder, *given), "valid")
    assert not out.exists() or not files_below(out)
