"""Outputs on a disk that is full, on one that is read-only, and where a folder has their name."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from depth_unet.config.choices import SaveChoice
from depth_unet.data.cache import CacheSource
from depth_unet.files.checksum import sha256_of
from tests.integration.commandline import (
    FEW_STEPS,
    assert_refused,
    depth_unet,
    evaluate,
    no_pictures,
    start,
)
from tests.video.clips import write_clip

KINDS = get_args(SaveChoice)
QUICK = ("npy", "exr")  # NumPy and OpenEXR have errors of their own
DISK_BYTES = 600_000  # more than nothing, less than the cache of the box rooms

pytestmark = pytest.mark.usefixtures("page")


class BegunError(Exception):
    """A command has begun its work."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 600 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)]
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)  # a failed search's study is open


def assert_whole(cache: CacheSource) -> None:
    """Every block has the checksum that the manifest states; every row can be read."""
    for name, checksum in cache.manifest.checksums.items():
        assert sha256_of(cache.root / name) == checksum
    for index in range(len(cache.rows)):
        cache.read(index)


# Every command that writes, with OUT for what it writes.
COMMANDS = {
    "predict": "predict PHOTO --weights RUN --fov 60 --out OUT",
    "measure": "measure PHOTO 1,1 2,2 --weights RUN --fov 60 --out OUT.png",
    "label": "label PHOTO --teacher RUN --out OUT",
    "train": f"train seed --data CACHE --out OUT {' '.join(map(str, FEW_STEPS))}",
    "evaluate": "evaluate RUN --data CACHE --split unseen --out OUT",
    "compare": "compare RUN RUN/last.safetensors --data CACHE --out OUT",
    "leaderboard": "leaderboard RESULTS --out OUT.md",
    "search": f"search seed --data CACHE --trials 1 --out OUT {' '.join(map(str, FEW_STEPS))}",
    "export": "export RUN OUT.safetensors",
    "inspect": "inspect CACHE --sheet OUT.png",
    "prepare": "prepare ROOMS OUT",
    "rooms": "rooms OUT --images 1 --samples 1 --workers 1 --furniture boxes",
    "app": "app --weights RUN --static OUT",
}
# What a command calls first, once its output can be written: it reads, trains or renders.
BEGINNINGS = {
    "predict": "predict.command.load",
    "measure": "measure.read_photo",
    "label": "label.open_teacher",
    "train": "train.command.open_run_data",
    "evaluate": "evaluate.command.open_source",
    "compare": "compare.open_source",
    "leaderboard": "leaderboard.read_evaluation",
    "search": "search.command.open_run_data",
    "export": "export.load_weights",
    "inspect": "inspect.open_source",
    "prepare": "prepare.open_original",
    "rooms": "rooms.generate",
    "app": "app.read_network",
}
FULL = [name for name in COMMANDS if name not in ("predict", "prepare")]  # which stand below


@pytest.fixture(scope="module")
def results(run_folder: Path, cache: Path) -> Path:
    """An evaluation."""
    out = cache.parent / "results"
    with no_pictures():
        assert evaluate(run_folder, cache, out, "--split", "unseen").code == 0
    return out


@pytest.fixture
def places(
    run_folder: Path, cache: Path, box_rooms: Path, photo: Path, results: Path
) -> dict[str, object]:
    """What the words in capitals stand for."""
    return {
        "RUN": run_folder,
        "RUN/last.safetensors": run_folder / "last.safetensors",
        "CACHE": cache,
        "ROOMS": box_rooms,
        "PHOTO": photo,
        "RESULTS": results,
    }


def command_on(disk: Path, name: str, places: dict[str, object]) -> list[object]:
    """A command that writes onto a disk."""
    words = COMMANDS[name].split()
    return [places.get(word, word.replace("OUT", str(disk / "out"))) for word in words]


@pytest.mark.chaos
@pytest.mark.parametrize("name", COMMANDS)
def test_a_read_only_disk(
    name: str,
    places: dict[str, object],
    small_disk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every command exits 2 before it begins, with one line that names the disk."""

    def begin(*_args: object, **_options: object) -> None:
        raise BegunError

    monkeypatch.setattr(f"depth_unet.cli.{BEGINNINGS[name]}", begin)
    with pytest.raises(BegunError):
        depth_unet(*command_on(tmp_path, name, places))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    outcome = depth_unet(*command_on(small_disk, name, places))
    assert outcome.code == 2
    assert f"cannot write into {small_disk}" in outcome.complaints[-1]
    assert ".part" not in outcome.err


@pytest.mark.chaos
@pytest.mark.usefixtures("unchecked", "without_pictures")
def test_inputs_on_a_read_only_disk(
    run_folder: Path, few_pairs: Path, photo: Path, small_disk: Path, tmp_path: Path
) -> None:
    """Photos, data sets and weights may lie there; what is written goes elsewhere."""
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    run, data = small_disk / "run", small_disk / "data"
    for source, copy in ((run_folder, run), (few_pairs, data), (photo.parent, small_disk / "in")):
        shutil.copytree(source, copy)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    cache = tmp_path / "cache"
    for command in (
        ("predict", small_disk / "in", "--weights", run, "--fov", 60, "--out", tmp_path / "depth"),
        ("prepare", data, cache, "--size", "64x48"),
        ("train", "seed", "--data", data, "--init", run, "--out", tmp_path / "run", *FEW_STEPS),
        ("evaluate", run, "--data", data, "--split", "test", "--out", tmp_path / "results"),
        ("export", run, tmp_path / "copy.safetensors"),
    ):
        outcome = depth_unet(*command)
        assert outcome.code == 0, outcome.err
    assert_refused(
        depth_unet("evaluate", run, "--data", data, "--split", "test"),
        f"cannot write into {run}",
    )


@pytest.mark.chaos
@pytest.mark.parametrize("name", FULL)
def test_a_full_disk(name: str, places: dict[str, object], small_disk: Path) -> None:
    """Every command exits 2, with one line that names the file; nothing of it remains."""
    path = small_disk / "other"
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as stream:
        while stream.write(bytes(4096)):
            pass
    outcome = depth_unet(*command_on(small_disk, name, places))
    assert outcome.code == 2
    line = outcome.complaints[-1]
    assert line.startswith("depth-unet: error: ")
    assert str(small_disk / "out") in line
    assert "full" in line or "No space left" in line
    assert ".part" not in outcome.err
    assert not list(small_disk.rglob("*.part*"))


@pytest.mark.parametrize(
    ("name", "target"), [("export", "out.safetensors"), ("leaderboard", "out.md")]
)
def test_a_folder_of_the_name(
    name: str, target: str, places: dict[str, object], tmp_path: Path
) -> None:
    """A folder where a file is to go is named, and stays; no temporary file remains."""
    (tmp_path / "disk" / target).mkdir(parents=True)
    outcome = depth_unet(*command_on(tmp_path / "disk", name, places), "--overwrite")
    assert_refused(outcome, f"Is a directory: '{tmp_path / 'disk' / target}'")
    assert [path.name for path in (tmp_path / "disk").iterdir()] == [target]


def test_a_full_disk_behind_stdout(few_pairs: Path) -> None:
    """Output that cannot be written is one line on stderr and exit code 2."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with Path("/dev/full").open("w") as full:
        process = start("inspect", few_pairs, stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    (line,) = filter(str.strip, err.splitlines())
    assert "No space left on device" in line


@pytest.mark.chaos
@pytest.mark.parametrize(
    "kind",
    [kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS],
)
def test_predicting_on_a_full_disk(
    run_folder: Path, photo: Path, small_disk: Path, kind: str
) -> None:
    """The error names the disk in one line for every format; no partial file remains."""
    Image.open(photo).resize((1600, 1200)).save(photo.with_name("large.png"))
    (small_disk / "other").write_bytes(bytes(DISK_BYTES - 50_000))
    out = small_disk / "depth"
    outcome = depth_unet(
        *("predict", photo.with_name("large.png"), "--weights", run_folder, "--out", out),
        *("--save", kind, "--fov", "60"),
    )
    if kind == "json":  # which fits
        assert outcome.code == 0
        return
    assert outcome.code == 2, outcome.err
    (line,) = outcome.complaints
    assert str(out) in line
    assert not [path for path in out.rglob("*") if ".part" in path.name]


@pytest.mark.chaos
@pytest.mark.parametrize(
    "kind",
    ["ffv1", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("side", "png16", "rrd"))],
)
def test_a_video_on_a_full_disk(
    run_folder: Path, small_disk: Path, tmp_path: Path, kind: str
) -> None:
    """The error names the disk in one line, and no partial file remains."""
    random = np.random.default_rng(0)
    frames = [random.integers(0, 256, (240, 320, 3), np.uint8) for _ in range(6)]
    source = write_clip(tmp_path / "noise.mkv", frames, codec="ffv1")
    (small_disk / "other").write_bytes(bytes(DISK_BYTES - 60_000))
    out = small_disk / "depth"
    outcome = depth_unet(
        *("predict", source, "--weights", run_folder, "--out", out),
        *("--video", kind, "--fov", "60"),
    )
    assert outcome.code == 2, outcome.err
    assert str(out) in outcome.complaints[-1]
    assert not list(out.rglob("*"))


@pytest.mark.chaos
def test_full_disk(box_rooms: Path, small_disk: Path, tmp_path: Path) -> None:
    """The error is one line, no partial file remains; with space, the same command completes."""
    out = small_disk / "cache"
    command = ("prepare", box_rooms, out, "--size", "160x120", "--workers", 1)
    outcome = depth_unet(*command)
    assert outcome.code == 2
    (line,) = outcome.complaints
    assert "the disk may be full" in line or "No space left on device" in line
    assert str(out) in line
    assert not list(out.rglob("*.part*"))
    for record in (out / "blocks").glob("*.json"):  # what is there is whole
        for path in (out / "blocks").glob(f"{record.stem}.*.npy"):
            assert sha256_of(path) in record.read_text()
    assert depth_unet("train", "seed", "--data", out, "--out", tmp_path / "run").code == 2
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert depth_unet(*command).code == 0
    assert_whole(CacheSource(out))
