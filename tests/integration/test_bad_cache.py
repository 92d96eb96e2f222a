"""Damaged caches: refused, and made whole by what the complaint tells to do."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.commandline import assert_refused, bytes_below, files_below
from tests.integration.spoil import cut, run_on

CACHE_DEFECTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "block missing": (lambda cache: (cache / "blocks/00000.depth.npy").unlink(), "00000.depth.npy"),
    "block cut": (lambda cache: cut(cache / "blocks/00000.rgb.npy"), "00000.rgb.npy"),
    "block of zero bytes": (
        lambda cache: (cache / "blocks/00000.depth.npy").write_bytes(b""),
        "00000.depth.npy",
    ),
    "test frame missing": (lambda cache: shutil.rmtree(cache / "test"), "test/"),
    "manifest cut": (lambda cache: cut(cache / "cache.json"), "cache.json"),
    "manifest of zero bytes": (
        lambda cache: (cache / "cache.json").write_bytes(b""),
        "cache.json",
    ),
    "manifest of another version": (
        lambda cache: (cache / "cache.json").write_text(
            (cache / "cache.json").read_text().replace('"schema": 2', '"schema": 99')
        ),
        "cache.json",
    ),
}

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")


@pytest.mark.parametrize("defect", CACHE_DEFECTS)
def test_cache(defect: str, pairs: Path, run_folder: Path, tmp_path: Path) -> None:
    """A damaged cache is refused; the remedy in the message repairs it."""
    cache, (spoil, name) = tmp_path / "cache", CACHE_DEFECTS[defect]
    assert run_on("prepare", pairs, run_folder, cache).code == 0
    before = bytes_below(cache)
    spoil(cache)
    refused = run_on("train", cache, run_folder, tmp_path / "run")
    assert_refused(refused, name)
    assert not (tmp_path / "run").exists()
    assert_refused(run_on("evaluate", cache, run_folder, tmp_path / "evaluation"), name)
    assert not (tmp_path / "evaluation").exists()
    if "test frame" not in defect:
        assert "prepare" in refused.complaints[0]
    options = ("--overwrite",) if "--overwrite" in refused.complaints[0] else ()
    assert run_on("prepare", pairs, run_folder, cache, *options).code == 0
    assert bytes_below(cache) == before


def test_prepare_does_not_write_among_other_files(
    pairs: Path, run_folder: Path, tmp_path: Path
) -> None:
    """A folder that holds anything but a cache is left alone, the source itself above all."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    for out in (tmp_path / "mine", pairs):
        before = files_below(out)
        for options in ((), ("--overwrite",)):
            assert_refused(run_on("prepare", pairs, run_folder, out, *options), str(out))
            assert files_below(out) == before
