"""A ``prepare`` that is killed, in every form."""

import signal
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
NUM_FILES = 4  # the mark of an unfinished cache, and the first block: two arrays and its record


@pytest.mark.chaos
@pytest.mark.parametrize(
    "kind",
    ["kaggle zip", *(pytest.param(kind, marks=pytest.mark.slow) for kind in WRITERS)],
)
def test_killed(kind: str, frames: list[Written], tmp_path: Path) -> None:
    """After kill -9 finished blocks are kept, and the cache is that of an undisturbed run."""
    root, out = WRITERS[kind](tmp_path / "data", frames), tmp_path / "killed"
    process = start(
        *("prepare", root, out, "--size", f"{WIDTH}x{HEIGHT}", "--workers", 1),
        module="tests.integration.paused",
        variables={"PAUSE_AFTER": NUM_FILES},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "paused\n", process.communicate()
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    first = out / "blocks" / "00000.json"
    made = first.stat().st_mtime_ns
    assert [path for path in out.rglob(".00001.*") if ".part" in path.name]
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
