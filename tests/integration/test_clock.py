"""The clock jumps, by years and in both directions: nothing depends on it."""

import math
import os
import random
import time
from pathlib import Path

import pytest

from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.rooms import generate
from depth_unet.train.history import read_history
from tests.integration.commandline import bytes_below, depth_unet
from tests.integration.short_run import assert_same, interrupt, train
from tests.rooms import fake_shots

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("unchecked", "without_pictures")]

YEAR_S = 3.2e7
LONG_AGO_S, FAR_AHEAD_S = 1e6, 4e9  # 1970 and 2096


def test_training(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted run whose clock jumps ends in the same bits, and its figures make sense.

    Nothing in ``train`` asks for the time of day. Speeds that are measured by it, or a resume that
    looks at the times of the run's files, fail here.
    """
    assert train(cache, tmp_path / "straight").code == 0
    rng, now_s = random.Random(0), time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + rng.uniform(-9, 9) * YEAR_S)
    monkeypatch.setattr(time, "time_ns", lambda: int(1e9 * time.time()))
    out = tmp_path / "run"
    interrupt(4, cache, out)
    set_times(out, rng)
    assert depth_unet("train", "--resume", out).code == 0
    for name in (LAST_NAME, BEST_NAME):
        assert_same(out / name, tmp_path / "straight" / name)
    speeds = read_history(out)["run/images_per_s"].values
    assert all(math.isfinite(speed) and 0.1 < speed < 1e5 for speed in speeds)


def set_times(folder: Path, rng: random.Random) -> None:
    """Give every file below a folder a time long ago or far ahead."""
    for path in folder.rglob("*"):
        time_s = rng.choice((LONG_AGO_S, FAR_AHEAD_S))
        os.utime(path, (time_s, time_s))


def test_times_of_files(
    pairs: Path, run_folder: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever times files have, what is finished is kept, and what has changed is done again."""
    monkeypatch.setattr(generate, "make_room", fake_shots.make_room)
    out = tmp_path / "out"
    commands = {
        "cache": ("prepare", pairs, out / "cache", "--size", "32x24"),
        "rooms": ("rooms", out / "rooms", "--images", 2, "--size", "64x48", "--workers", 1),
        "depth": ("predict", photo, "--weights", run_folder, "--fov", 60, "--out", out / "depth"),
    }
    for command in commands.values():
        assert depth_unet(*command).code == 0
    before = bytes_below(out)
    rng = random.Random(0)
    for _ in range(2):
        for folder in (pairs, photo.parent, out):
            set_times(folder, rng)
        big = [path for path in out.rglob("*") if path.suffix in (".npy", ".jpg", ".png")]
        files = {path: path.stat().st_ino for path in big}
        for command in commands.values():
            assert depth_unet(*command).code == 0
        assert {path: path.stat().st_ino for path in big} == files
        assert bytes_below(out) == before
    other = next(pairs.glob("train/*/*_rgb.png"))
    time_s = other.stat().st_mtime
    photo.rename(other)
    os.utime(other, (time_s, time_s))
    refused = depth_unet(*commands["cache"])
    assert refused.code == 2
    assert "files that have changed since" in refused.complaints[0]
