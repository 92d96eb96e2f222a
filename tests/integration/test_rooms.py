"""``depth-unet rooms``: refusals, interrupts, kills, and what comes out."""

import json
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from depth_unet.data.layout import read_index
from depth_unet.data.mixture import open_data
from depth_unet.data.source import PairsSource
from depth_unet.errors import install_command
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import LAST_NAME
from depth_unet.rooms import generate
from tests.integration.commandline import (
    FEW_STEPS,
    Outcome,
    assert_refused,
    bytes_below,
    depth_unet,
    evaluate,
    start,
)
from tests.integration.short_run import assert_same_weights
from tests.rooms import fake_shots

FAKE = "tests.rooms.fake_shots"
NUM_KILLS = 2


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rooms that take no time and no renderer."""
    monkeypatch.setattr(generate, "make_room", fake_shots.make_room)
    monkeypatch.setattr(generate, "LIBRARIES", ())


def rooms(out: Path, *options: object) -> Outcome:
    """Make a small set in this process."""
    workers = () if "--workers" in options else ("--workers", 1)
    given = ("--images", 6, "--size", "64x48", *workers, *options)
    return depth_unet("rooms", out, *given)


@pytest.mark.usefixtures("fakes")
def test_output(tmp_path: Path) -> None:
    """The command says what is there and how to go on, and what it suggests works."""
    out = tmp_path / "my rooms"
    outcome = rooms(out, "--preview", "--test-share", "0.5")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.complaints == [
        f"{out}: 2 images and 4 test images of 3 rooms at 64x48",
        f"preview: {out / 'preview.png'}",
        f"next: depth-unet prepare '{out}' '{out}-cache'",
    ]
    assert (out / "preview.png").is_file()
    words = shlex.split(outcome.complaints[-1])[2:]
    assert depth_unet(*words, "--size", "32x24").code == 0
    assert rooms(out, "--test-share", "0.5").code == 0  # a finished set is recognised


def test_rendered_shards_are_one_set(tmp_path: Path) -> None:
    """Two commands render the files of one: the same bytes, and the same set to train on."""
    given = ("--images", 4, "--views", 1, "--size", "32x32", "--samples", 1, "--workers", 1)
    assert depth_unet("rooms", tmp_path / "whole", *given, "--test-share", 0.5).code == 0
    folders = [tmp_path / name for name in ("first", "second")]
    for number, folder in enumerate(folders, 1):
        shard = ("--shard", f"{number}/2", "--test-share", 0.5)
        outcome = depth_unet("rooms", folder, *given, *shard)
        assert outcome.code == 0, outcome.err
        assert f"of 2 rooms at 32x32, shard {number}/2" in outcome.err
        shutil.copytree(folder, tmp_path / "copied", dirs_exist_ok=True)
    both = {name: data for folder in folders for name, data in bytes_below(folder).items()}
    whole = bytes_below(tmp_path / "whole")
    lists = {"index.csv", "dataset.json", "manifest.json"}
    assert {name: both[name] for name in both if name not in lists} == {
        name: whole[name] for name in whole if name not in lists
    }
    assert open_data([str(folder) for folder in folders]).rows == read_index(tmp_path / "whole")
    assert depth_unet("rooms", tmp_path / "copied", *given, "--test-share", 0.5).code == 0
    assert bytes_below(tmp_path / "copied") == whole


@pytest.mark.usefixtures("fakes")
def test_a_run_on_shards_is_a_run_on_the_set(tmp_path: Path) -> None:
    """Losses, validations and weights are the same; each shard can be evaluated."""
    given = ("--images", 24, "--test-share", 0.25)
    assert rooms(tmp_path / "whole", *given).code == 0
    for number in (1, 2):
        assert rooms(tmp_path / f"part{number}", *given, "--shard", f"{number}/2").code == 0
    for out, folders in (("one", ["whole"]), ("both", ["part2", "part1"])):
        data = [tmp_path / folder for folder in folders]
        outcome = depth_unet("train", "seed", "--data", *data, "--out", tmp_path / out, *FEW_STEPS)
        assert outcome.code == 0, outcome.err
    ours, theirs = (read(tmp_path / out / LAST_NAME) for out in ("both", "one"))
    assert (ours.splits, ours.metrics) == (theirs.splits, theirs.metrics)
    assert_same_weights(tmp_path / "both" / LAST_NAME, tmp_path / "one" / LAST_NAME)
    evaluations = [line for line in outcome.err.splitlines() if line.startswith("next: ")]
    assert [line.split()[-3:-1] for line in evaluations] == [
        [str(tmp_path / folder), "--out"] for folder in ("part1", "part2")
    ]
    assert depth_unet("train", "--resume", tmp_path / "both").code == 0
    part, runs = tmp_path / "part1", (tmp_path / "both", tmp_path / "one")
    prepared = depth_unet("prepare", part, tmp_path / "cache", "--size", "32x24")
    assert (prepared.code, prepared.warnings) == (0, [])
    for outcome in (
        evaluate(runs[0], part, tmp_path / "scored", "--split", "all"),
        depth_unet("compare", *runs, "--data", part, "--split", "all", "--out", tmp_path / "pair"),
    ):
        assert outcome.code == 0, outcome.err
        assert [line for line in outcome.warnings if "part1: shard 1/2 of a set" in line]


@pytest.mark.usefixtures("fakes")
def test_kaggle(tmp_path: Path) -> None:
    """The layout of Kaggle comes instead of the pairs layout."""
    outcome = rooms(tmp_path / "nyu_data", "--kaggle", "--preview", "--test-share", "0.5")
    assert outcome.code == 0
    assert "next:" not in outcome.err
    assert "warning" not in outcome.err
    assert (tmp_path / "nyu_data/preview.png").is_file()
    assert (tmp_path / "nyu_data/data/nyu2_train.csv").is_file()
    assert not (tmp_path / "nyu_data/index.csv").exists()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ("--images 0", "images is 0"),
        ("--size 64", "--size is '64'"),
        ("--size 8x8", "--size is '8x8'"),
        ("--size 99999x48", "--size"),
        ("--seed -1", "seed is -1"),
        ("--views 0", "views is 0"),
        ("--samples 0", "samples is 0"),
        ("--test-share 1.5", "test-share is 1.5"),
        ("--test-share nan", "test-share is nan"),
        ("--fov 90 60", "fov is 90 to 60"),
        ("--fov 60 200", "fov is 60 to 200"),
        ("--walk -3", "walk is -3"),
        ("--workers -1", "workers is -1"),
        ("--kaggle --fov 60 70", "Kaggle"),
        ("--furniture plush", "lacks full.npz"),
    ],
)
@pytest.mark.usefixtures("fakes")
def test_bad_option(options: str, word: str, tmp_path: Path) -> None:
    """One line names the option; nothing is written."""
    assert_refused(rooms(tmp_path / "set", *options.split()), word)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", ["--walk far", "--fov 60", "--images many", "--colour"])
@pytest.mark.usefixtures("fakes")
def test_option_that_cannot_be_read(options: str, tmp_path: Path) -> None:
    """What is no option or no value is refused before anything is written."""
    outcome = rooms(tmp_path / "set", *options.split())
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("fakes")
def test_folder_of_something_else(tmp_path: Path) -> None:
    """Other rooms need --overwrite; other files are never replaced; nothing lies below a file."""
    mine, held = tmp_path / "mine", tmp_path / "held"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    assert rooms(held).code == 0
    before = bytes_below(tmp_path)
    assert_refused(rooms(mine), str(mine), "holds no rooms")
    assert_refused(rooms(mine, "--overwrite"), str(mine), "holds no rooms")
    assert_refused(rooms(mine / "notes.txt"), "notes.txt is a file")
    assert_refused(rooms(mine / "notes.txt" / "set"), "notes.txt is a file")
    assert_refused(rooms(held, "--seed", 1), "seed 0, not 1", "--overwrite")
    assert_refused(rooms(held, "--images", 4), "6 images, not 4", "--overwrite")
    assert bytes_below(tmp_path) == before
    assert rooms(held, "--seed", 1, "--overwrite").code == 0
    assert bytes_below(tmp_path) != before


def test_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a library, one line gives the command that installs it."""
    monkeypatch.setitem(sys.modules, "embreex.rtcore_scene", None)
    assert_refused(rooms(tmp_path / "set"), install_command("numba", "embreex"))
    assert not list(tmp_path.iterdir())


def test_help_loads_no_renderer() -> None:
    """Help needs neither the extra nor torch."""
    command = [sys.executable, "-X", "importtime", "-m", "depth_unet", "rooms", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: depth-unet rooms")
    loaded = set(re.findall(r"\|\s+(\w+)$", done.stderr, flags=re.MULTILINE))
    assert "depth_unet" in loaded
    assert not loaded & {"torch", "numba", "embreex", "cv2", "numpy"}


REAL = ("--size", "64x48", "--samples", 2, "--furniture", "boxes")


def test_rendered(tmp_path: Path) -> None:
    """Rendered for real: every pair decodes, depth is dense, and two processes change no byte."""
    given = ("rooms", tmp_path / "one", "--images", 4, "--test-share", 0.5, *REAL)
    outcome = depth_unet(*given, "--workers", 1)
    assert outcome.code == 0, outcome.err
    assert check_listed(tmp_path / "one") == 4
    source = PairsSource(tmp_path / "one")
    assert [row.official_split for row in source.rows] == ["test"] * 2 + ["train"] * 2
    for index in range(4):
        frame = source.read(index)
        assert (frame.depth_mm > 0).mean() > 0.9
        assert 0.5 < np.median(frame.depth_mm) / 1000 < 10
        assert 10 < frame.image.mean() < 245
        np.testing.assert_allclose(frame.intrinsics.fx_px, 51.8857901)
    given = ("rooms", tmp_path / "two", *given[2:])
    process = start(*given, "--workers", 2)
    _, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert bytes_below(tmp_path / "two") == bytes_below(tmp_path / "one")


def test_walk_and_poses(tmp_path: Path) -> None:
    """Frames of a walk agree: points of one, by its pose and camera, lie in the next."""
    given = ("rooms", tmp_path, "--images", 2, "--walk", 2, "--fov", 60, 60, *REAL)
    outcome = depth_unet(*given, "--workers", 1)
    assert outcome.code == 0, outcome.err
    record = json.loads((tmp_path / "records/000000.json").read_text(encoding="utf-8"))
    fx_px, fy_px, cx_px, cy_px = record["camera_px"]
    np.testing.assert_allclose(fx_px, 32 / np.tan(np.deg2rad(30)))
    depths_m = [PairsSource(tmp_path).read(index).depth_mm / 1000 for index in range(2)]
    first, second = (np.reshape(frame["pose"], (3, 4)) for frame in record["frames"])
    rows, columns = np.mgrid[:48, :64]
    rays = np.stack([(columns - cx_px) / fx_px, (rows - cy_px) / fy_px, np.ones((48, 64))])
    points_m = first[:, :3] @ (rays * depths_m[0]).reshape(3, -1) + first[:, 3:]
    x_m, y_m, z_m = second[:, :3].T @ (points_m - second[:, 3:])
    seen_columns = np.rint(x_m / z_m * fx_px + cx_px).astype(int)
    seen_rows = np.rint(y_m / z_m * fy_px + cy_px).astype(int)
    inside = (z_m > 0) & (seen_columns >= 0) & (seen_columns < 64)
    inside &= (seen_rows >= 0) & (seen_rows < 48)
    assert inside.mean() > 0.7
    found_m = depths_m[1][seen_rows[inside], seen_columns[inside]]
    assert np.median(np.abs(found_m / z_m[inside] - 1)) < 0.01


def fake_command(out: Path, workers: int = 2) -> tuple[object, ...]:
    """Sixty rooms that take some seconds, by two processes."""
    size = ("--images", 60, "--views", 1, "--size", "64x48", "--workers", workers)
    return ("rooms", out, *size)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the sixty rooms are when nothing goes wrong."""
    out = tmp_path_factory.mktemp("whole") / "set"
    complete(out)
    return bytes_below(out)


def complete(out: Path) -> None:
    """Give the same command in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "make_room", fake_shots.make_room)
        assert depth_unet(*fake_command(out, workers=1)).code == 0


def wait_for_rooms(out: Path, number: int, process: subprocess.Popen[str]) -> None:
    """Until so many rooms are there."""
    deadline = time.monotonic() + 120
    while len(list(out.glob("records/[0-9]*.json"))) < number:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_ctrl_c(whole: dict[str, bytes], tmp_path: Path) -> None:
    """Ctrl-C exits 130 with a word how to go on, and no process says more."""
    out = tmp_path / "set"
    process = start(*fake_command(out), module=FAKE)
    wait_for_rooms(out, 4, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    found = re.fullmatch(
        r"depth-unet: interrupted; (\d+) of 60 images are finished; rerun the command to continue",
        err.splitlines()[-1],
    )
    assert found, err
    assert int(found[1]) < 60  # what processes have just finished is not counted yet
    complete(out)
    assert bytes_below(out) == whole


@pytest.mark.chaos
def test_kill(whole: dict[str, bytes], tmp_path: Path) -> None:
    """Killed at any time, the same command completes; what is listed decodes at any time."""
    out, rng = tmp_path / "set", random.Random(0)
    for kill in range(NUM_KILLS):
        process = start(*fake_command(out), module=FAKE)
        wait_for_rooms(out, 1 + 8 * kill, process)
        time.sleep(rng.uniform(0, 0.5))
        process.kill()
        process.communicate(timeout=60)  # waits for its processes too, which must not outlive it
        if (out / "index.csv").exists():
            check_listed(out)
    complete(out)
    assert check_listed(out) == 60
    assert bytes_below(out) == whole


def check_listed(out: Path) -> int:
    """Decode every pair that the index names; how many there are."""
    source = PairsSource(out)
    for index in range(len(source.rows)):
        source.read(index)
    return len(source.rows)
