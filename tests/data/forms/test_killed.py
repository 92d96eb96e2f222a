"""A ``prepare`` that is killed, in every form."""

import time
from pathlib import Path

import pytest

from depth_unet.data.cache import CacheSource, read_manifest
from depth_unet.data.forms.recognise import open_original
from depth_unet.data.prepare import prepare
from depth_unet.files.checksum import sha256_of
from tests.data.forms.conftest import WRITERS, Written
from tests.integration.commandline import start

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*official test frames"),
    pytest.mark.filterwarnings("ignore:.*splits.mat is missing"),
]
HEIGHT, WIDTH = 960, 1280  # two frames fill a block


@pytest.mark.chaos
@pytest.mark.parametrize(
    "kind",
    ["kaggle zip", *(pytest.param(kind, marks=pytest.mark.slow) for kind in WRITERS)],
)
def test_killed(kind: str, frames: list[Written], tmp_path: Path) -> None:
    """After kill -9 finished blocks are kept, and the cache is that of an undisturbed run."""
    root, out = WRITERS[kind](tmp_path / "data", frames), tmp_path / "killed"
    process = start("prepare", root, out, "--size", f"{WIDTH}x{HEIGHT}", "--workers", 1)
    first = out / "blocks" / "00000.json"
    deadline = time.monotonic() + 60
    while not first.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.kill()
    _, err = process.communicate()
    assert first.exists(), err
    made = first.stat().st_mtime_ns
    (out / "blocks" / ".00001.rgb.0123abcd.part.npy").write_bytes(b"half")  # and perhaps others
    source = open_original(root)
    cache = prepare(source, out, height=HEIGHT, width=WIDTH)
    assert first.stat().st_mtime_ns == made
    assert cache.manifest == read_manifest(out)
    for name, checksum in cache.manifest.checksums.items():
        assert sha256_of(out / name) == checksum
    whole = prepare(source, tmp_path / "whole", height=HEIGHT, width=WIDTH)
    assert cache.manifest == whole.manifest
    assert len(CacheSource(out).rows) == len(frames)
    assert not [path for path in out.rglob(".*") if ".part" in path.name]
