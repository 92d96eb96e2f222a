"""Sets of rooms: complete files, the same bytes, and resuming."""

import hashlib
import json
import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from depth_unet.data.layout import read_index
from depth_unet.data.mixture import open_data
from depth_unet.data.source import PairsSource
from depth_unet.errors import ConfigError, DataError, install_command
from depth_unet.rooms import generate as generating
from depth_unet.rooms import worker
from depth_unet.rooms.generate import generate
from depth_unet.rooms.options import RoomPlan, RoomsOptions
from depth_unet.rooms.output import kaggle as kaggle_layout
from depth_unet.rooms.output.record import RoomRecord
from depth_unet.rooms.processes import run_tasks
from tests.integration.commandline import bytes_below
from tests.rooms import fake_shots, tasks

SMALL = RoomsOptions(images=7, size="32x24", views=2, test_share=0.25)


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generating, "make_room", fake_shots.make_room)
    monkeypatch.setattr(generating, "LIBRARIES", ())
    fake_shots.made.clear()


def make(out: Path, options: RoomsOptions = SMALL, **given: Any) -> list[RoomRecord]:
    """Make a set in this process."""
    return generate(options, out, workers=1, **given)


def test_pairs_can_be_read(tmp_path: Path) -> None:
    """The set is a data set: every pair decodes, with its own camera, room and split."""
    make(tmp_path / "set")
    source = PairsSource(tmp_path / "set")
    assert len(source.rows) == SMALL.images
    assert len({row.room_group for row in source.rows}) == 4
    assert [row.official_split for row in source.rows] == ["train"] * 2 + ["test"] * 2 + [
        "train"
    ] * 3
    for index, row in enumerate(source.rows):
        frame = source.read(index)
        assert frame.image.shape == (24, 32, 3)
        assert frame.depth_mm[0, 0] == 500 + index // 2
        assert row.camera_px == (25.6, 25.6, 15.5, 11.5)


def test_photos_keep_their_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos keep the order of their colour channels."""

    def red(plan: RoomPlan, out: Path) -> RoomRecord:
        shots = fake_shots.take_shots(plan)
        photo = np.zeros((24, 32, 3), np.uint8)
        photo[..., 0] = 200
        frames = tuple(replace(shot, photo=photo) for shot in shots.frames)
        with monkeypatch.context() as patch:
            patch.setattr(worker, "take_shots", lambda _: replace(shots, frames=frames))
            return worker.make_room(plan, out)

    monkeypatch.setattr(generating, "make_room", red)
    make(tmp_path / "set")
    colour = PairsSource(tmp_path / "set").read(0).image.reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(colour, (200, 0, 0), atol=3)


def test_records_hold_what_was_made(tmp_path: Path) -> None:
    """A record holds kind, size, pose and checksums; a pose is a rotation and a position."""
    records = make(tmp_path / "set")
    held = json.loads((tmp_path / "set/records/000001.json").read_text())
    assert (held["kind"], held["size_m"], held["share"]) == ("kitchen", [3.0, 4.0, 2.5], "test")
    for frame in records[1].frames:
        data = (tmp_path / "set" / frame.depth).read_bytes()
        assert hashlib.sha256(data).hexdigest() == frame.checksums[1]
        pose = np.reshape(frame.pose, (3, 4))
        np.testing.assert_allclose(pose[:, :3].T @ pose[:, :3], np.eye(3), atol=1e-6)
        np.testing.assert_allclose(np.linalg.det(pose[:, :3]), 1, atol=1e-6)
    manifest = json.loads((tmp_path / "set/manifest.json").read_text())
    assert manifest["complete"] is True
    assert manifest["command"] == (
        "depth-unet rooms OUT --images 7 --size 32x24 --seed 0 --views 2 --samples 4 "
        "--test-share 0.25 --furniture cc0"
    )


def test_same_bytes_whatever_the_workers(tmp_path: Path) -> None:
    """One process or two: every file is the same."""
    make(tmp_path / "one")
    generate(SMALL, tmp_path / "two", workers=2)
    assert bytes_below(tmp_path / "one") == bytes_below(tmp_path / "two")


def test_same_call_makes_nothing_twice(tmp_path: Path) -> None:
    """A finished set is checked, not made again, and no file is written."""
    first = make(tmp_path)
    fake_shots.made.clear()
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "train").rglob("*.jpg")}
    assert make(tmp_path) == first
    assert fake_shots.made == []
    assert times == {path: path.stat().st_mtime_ns for path in times}


@pytest.mark.chaos
@pytest.mark.parametrize(
    "name", ["train/room_0_000000/0001.jpg", "train/room_0_000000/0000.png", "records/000000.json"]
)
@pytest.mark.parametrize("damage", ["cut", "lost", "changed"])
def test_damage_costs_one_room(name: str, damage: str, tmp_path: Path) -> None:
    """A damaged file is found, its room made again, and the set is as before."""
    make(tmp_path)
    before = bytes_below(tmp_path)
    path = tmp_path / name
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:20])
        case "lost":
            path.unlink()
        case _:
            path.write_bytes(path.read_bytes()[:-20] + bytes(20))
    fake_shots.made.clear()
    make(tmp_path)
    assert fake_shots.made == [0]
    assert bytes_below(tmp_path) == before


def test_more_images_keep_those_that_are_there(tmp_path: Path) -> None:
    """A larger set begins with the smaller one and equals a set made at once."""
    make(tmp_path / "grown")
    fake_shots.made.clear()
    larger = replace(SMALL, images=12)
    make(tmp_path / "grown", larger)
    assert fake_shots.made == [3, 4, 5]  # the last room had one image of two
    make(tmp_path / "at_once", larger)
    assert bytes_below(tmp_path / "grown") == bytes_below(tmp_path / "at_once")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 1.0])
def test_test_rooms_are_spread_evenly(share: float) -> None:
    """Every prefix of the rooms has its share of test rooms, to within half a room."""
    plans = list(RoomsOptions(images=60, views=1, test_share=share).rooms())
    for end in range(1, 61):
        num_test = sum(plan.split == "test" for plan in plans[:end])
        assert abs(num_test - share * end) <= 0.5 + 1e-9
    tests = [plan.first_test_image for plan in plans if plan.split == "test"]
    assert tests == list(range(len(tests)))


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupt_says_how_to_go_on(workers: int, tmp_path: Path) -> None:
    """Ctrl-C stops at once with a message; the same call resumes to the same bytes."""

    def stop(done: int, _total: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(
        KeyboardInterrupt, match=r"^[2-6] of 7 images are finished; rerun the command"
    ):
        generate(SMALL, tmp_path / "set", workers=workers, progress=stop)
    assert not (tmp_path / "set/index.csv").exists()
    assert json.loads((tmp_path / "set/manifest.json").read_text())["complete"] is False
    make(tmp_path / "set")
    make(tmp_path / "whole")
    assert bytes_below(tmp_path / "set") == bytes_below(tmp_path / "whole")


def test_leftovers_of_a_killed_command_go(tmp_path: Path) -> None:
    """Temporary files do not count as other files, and the next call removes them."""
    out = tmp_path / "set"
    out.mkdir()
    (out / ".manifest.0123abcd.part.json").write_text("{")
    make(out)
    (out / "train/room_0_000000/.0000.0123abcd.part.jpg").write_bytes(b"half")
    make(out)
    assert not [name for name in bytes_below(out) if ".part" in name]


def test_other_rooms_are_kept(tmp_path: Path) -> None:
    """Rooms of other options are refused with the differences; --overwrite replaces only rooms."""
    make(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    before = bytes_below(tmp_path)
    other = replace(SMALL, seed=1, size="48x24")
    with pytest.raises(DataError, match=r"size 32x24, not 48x24; seed 0, not 1; .*--overwrite"):
        make(tmp_path, other)
    with pytest.raises(DataError, match="7 images, not 5"):
        make(tmp_path, replace(SMALL, images=5))
    assert bytes_below(tmp_path) == before
    make(tmp_path, replace(other, images=2), overwrite=True)
    (tmp_path / "notes.txt").unlink()
    make(tmp_path / "anew", replace(other, images=2))
    anew = bytes_below(tmp_path / "anew")
    assert {name: bytes_below(tmp_path)[name] for name in anew} == anew
    assert len(read_index(tmp_path)) == 2


@pytest.mark.parametrize("overwrite", [False, True])
def test_something_else_is_left_alone(overwrite: bool, tmp_path: Path) -> None:
    """A folder that holds no rooms is never written to, nor is anything below a file."""
    (tmp_path / "notes.txt").write_text("mine")
    for content in ("", "{}", "[]", "no JSON"):
        (tmp_path / "manifest.json").write_text(content)
        before = bytes_below(tmp_path)
        with pytest.raises(DataError, match="not empty and holds no rooms"):
            make(tmp_path, overwrite=overwrite)
        with pytest.raises(DataError, match=r"notes\.txt is a file"):
            make(tmp_path / "notes.txt" / "set", overwrite=overwrite)
        assert bytes_below(tmp_path) == before


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"images": 0}, "images is 0"),
        ({"size": "8x24"}, "size is '8x24'"),
        ({"size": "32x9999"}, "size is '32x9999'"),
        ({"seed": -1}, "seed is -1"),
        ({"views": 0}, "views is 0"),
        ({"samples": 0}, "samples is 0"),
        ({"test_share": 1.5}, "test-share is 1.5"),
        ({"test_share": float("nan")}, "test-share is nan"),
        ({"walk": -2}, "walk is -2"),
        ({"fov": (80.0, 60.0)}, "fov is 80 to 60"),
        ({"fov": (1.0, 60.0)}, "fov is 1 to 60"),
        ({"fov": (60.0, 70.0), "kaggle": True}, "Kaggle"),
    ],
)
def test_options_out_of_range(given: dict[str, Any], word: str) -> None:
    """The message for a bad value names it and the valid range."""
    with pytest.raises(ConfigError, match=word):
        RoomsOptions(**given)


def test_pack_that_is_not_there(tmp_path: Path) -> None:
    """A folder without a furniture pack is refused before anything is written."""
    options = replace(SMALL, furniture=tmp_path / "pack")
    with pytest.raises(DataError, match=r"lacks full\.npz, full\.json"):
        make(tmp_path / "set", options)
    assert not list(tmp_path.iterdir())


def test_pack_may_move(tmp_path: Path) -> None:
    """The folder of a pack does not affect the rooms; the recorded command names it."""
    options = [replace(SMALL, furniture=tmp_path / name) for name in ("here", "there")]
    assert options[0].content() == options[1].content() != SMALL.content()
    assert options[0].command().endswith(f"--furniture {tmp_path / 'here'}")


def test_negative_workers(tmp_path: Path) -> None:
    """A negative number of processes is refused; nothing is written."""
    with pytest.raises(ConfigError, match="workers is -1"):
        generate(SMALL, tmp_path / "set", workers=-1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("missing", ["embreex", "numba"])
def test_missing_libraries(missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a library nothing is written, and the message gives one command to run."""
    monkeypatch.setattr(generating, "LIBRARIES", ("embreex", "numba"))
    for name in ("embreex", "numba"):
        monkeypatch.setitem(sys.modules, name, None if name == missing else sys)
    with pytest.raises(ConfigError, match=missing) as caught:
        make(tmp_path / "set")
    assert install_command("numba", "embreex") in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_library_that_does_not_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a library that is installed but broken is part of the message."""
    (tmp_path / "broken_library.py").write_text("raise ImportError('needs NumPy 2.2 or less')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(generating, "LIBRARIES", ("broken_library",))
    with pytest.raises(ConfigError, match=r"needs NumPy 2\.2 or less.*pip install"):
        make(tmp_path / "set")
    assert not (tmp_path / "set").exists()


@pytest.mark.chaos
def test_killed_process() -> None:
    """A killed process ends the call with one line that gives a remedy."""
    with pytest.raises(DataError, match=r"was killed.*fewer --workers"):
        run_tasks(tasks.be_killed, [0, 1], workers=2, done=lambda _: None)


def test_error_of_a_process_is_the_error_of_the_call() -> None:
    """The error of a task is raised, and the other tasks end."""
    with pytest.raises(DataError, match="number 3"):
        run_tasks(tasks.refuse_three, list(range(50)), workers=2, done=lambda _: None)


def test_processes_have_one_thread() -> None:
    """Each process computes on one thread and leaves Ctrl-C alone; this process is unchanged."""
    before = dict(os.environ), signal.getsignal(signal.SIGINT), cv2.getNumThreads()
    found: list[tuple[str | None, int, bool]] = []
    run_tasks(tasks.threads_of, [0, 1], workers=2, done=found.append)
    assert found == [("1", 1, True)] * 2
    run_tasks(tasks.threads_of, [0], workers=2, done=found.append)
    assert found[-1][1] == 1
    assert (dict(os.environ), signal.getsignal(signal.SIGINT), cv2.getNumThreads()) == before


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("kaggle", [False, True])
def test_shards_are_one_set(count: int, kaggle: bool, tmp_path: Path) -> None:
    """Shards hold the files of one set, byte for byte; in one folder they become that set."""
    options = replace(SMALL, kaggle=kaggle)
    make(tmp_path / "whole", options)
    whole = bytes_below(tmp_path / "whole")
    for index in range(count):
        shard = tmp_path / f"shard_{index}"
        records = make(shard, replace(options, shard=f"{index + 1}/{count}"))
        assert [record.number for record in records] == [*range(index, 4, count)]
        shutil.copytree(shard, tmp_path / "copied", dirs_exist_ok=True)
        lists = {"index.csv", "dataset.json", "manifest.json"} | {*kaggle_layout.LIST_NAMES}
        files = {name: data for name, data in bytes_below(shard).items() if name not in lists}
        assert files.items() <= whole.items()
    copied = bytes_below(tmp_path / "copied")
    assert {*copied} == {*whole}
    fake_shots.made.clear()
    make(tmp_path / "copied", options)
    assert fake_shots.made == []
    assert bytes_below(tmp_path / "copied") == whole


def test_shards_named_together_are_the_set(tmp_path: Path) -> None:
    """``--data`` with all shards reads the rows, splits and frames of one set."""
    make(tmp_path / "whole")
    folders = [tmp_path / f"shard_{index}" for index in (1, 2)]
    for index, folder in enumerate(folders, 1):
        make(folder, replace(SMALL, shard=f"{index}/2"))
    one, both = open_data([str(tmp_path / "whole")]), open_data([str(each) for each in folders])
    assert (both.rows, both.info) == (one.rows, one.info)
    assert [both.digest(index) for index in range(7)] == [one.digest(index) for index in range(7)]
    for other in (replace(SMALL, seed=1), replace(SMALL, images=9), replace(SMALL, samples=2)):
        make(tmp_path / "other", replace(other, shard="2/2"), overwrite=True)
        with pytest.warns(UserWarning, match="without the others"):
            mixed = open_data([str(folders[0]), str(tmp_path / "other")])
        assert len(mixed.parts) == 2


def test_a_shard_grows_into_the_set(tmp_path: Path) -> None:
    """A folder may go on with more rooms of the same set, but not with other rooms."""
    make(tmp_path / "set", replace(SMALL, shard="2/4"))
    fake_shots.made.clear()
    for shard in ("1/2", "3/4", "1/4"):
        with pytest.raises(DataError, match=f"shard 2/4, not {shard}; .*--overwrite"):
            make(tmp_path / "set", replace(SMALL, shard=shard))
    make(tmp_path / "set", replace(SMALL, shard="2/2"))
    assert fake_shots.made == [3]
    make(tmp_path / "set")
    with pytest.raises(DataError, match="shard 1/1, not 2/2"):
        make(tmp_path / "set", replace(SMALL, shard="2/2"))
    make(tmp_path / "whole")
    assert bytes_below(tmp_path / "set") == bytes_below(tmp_path / "whole")
    make(tmp_path / "set", replace(SMALL, shard="1/2"), overwrite=True)
    make(tmp_path / "shard", replace(SMALL, shard="1/2"))
    assert bytes_below(tmp_path / "set") == bytes_below(tmp_path / "shard")


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1/5", "1/0", "-1/2", "2", "", "1/2/3", "a/b"])
def test_bad_shards(shard: str) -> None:
    """A shard is one of at most as many as there are rooms."""
    with pytest.raises(ConfigError, match=r"give I/N with I from 1 to N.* the 4 rooms"):
        replace(SMALL, shard=shard)
