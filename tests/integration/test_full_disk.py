"""``prepare`` on a disk that is full before it ends."""

import os
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
from tests.integration.commandline import depth_unet
from tests.video.clips import write_clip

KINDS = get_args(SaveChoice)
QUICK = ("npy", "exr")  # NumPy and OpenEXR have errors of their own
DISK_BYTES = 600_000  # more than nothing, less than the cache of the box rooms


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
    subprocess.run(["umount", str(disk)], check=True)


def assert_whole(cache: CacheSource) -> None:
    """Every block has the checksum that the manifest states; every row can be read."""
    for name, checksum in cache.manifest.checksums.items():
        assert sha256_of(cache.root / name) == checksum
    for index in range(len(cache.rows)):
        cache.read(index)


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
    assert outcome.code == 1, outcome.err
    (line,) = outcome.complaints
    assert str(out) in line
    assert not [path for path in out.rglob("*") if ".part" in path.name]


@pytest.mark.parametrize(
    "kind", ["ffv1", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("side", "png16"))]
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
    assert outcome.code == 1, outcome.err
    assert str(out) in outcome.complaints[-1]
    assert not list(out.rglob("*"))


def test_full_disk(box_rooms: Path, small_disk: Path, tmp_path: Path) -> None:
    """The error is one line, no partial file remains; with space, the same command completes."""
    out = small_disk / "cache"
    command = ("prepare", box_rooms, out, "--size", "160x120", "--workers", 1)
    outcome = depth_unet(*command)
    assert outcome.code == 1
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
