"""The system has no more memory: one line says so, whatever asked for it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import LAST_NAME
from tests.integration.commandline import (
    ERROR,
    TINY_MODEL,
    assert_refused,
    bytes_below,
    depth_unet,
    source_path,
)

resource = pytest.importorskip("resource")
pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs limits of Linux"),
]

MB = 10**6
LIBRARIES = {
    "predict": "depth_unet.cli.predict.command, depth_unet.predict.load, cv2, PIL.Image",
    "train": "depth_unet.cli.train.command",
}


def address_space(imports: str) -> int:
    """Bytes of address space that a process has after imports."""
    code = f"import {imports}; print(open('/proc/self/status').read())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": source_path()},
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("VmPeak:"))
    return int(line.split()[1]) * 1024


def run_within(limit: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command with so many bytes of address space."""
    return subprocess.run(
        [sys.executable, "-m", "depth_unet", *map(str, arguments)],
        env={"PYTHONPATH": source_path(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def assert_one_line(done: subprocess.CompletedProcess[str]) -> None:
    """It ended well, or for lack of memory, or in a library that crashed: that is as kill -9."""
    assert "Traceback" not in done.stderr
    if done.returncode > 0:
        assert done.returncode == 2, done.stderr
        (line,) = (line for line in done.stderr.splitlines() if line.startswith(ERROR))
        assert "out of memory" in line
        assert done.stderr.endswith(f"{line}\n")


@pytest.mark.slow  # starts a process for each limit; test_decoding is quick
def test_predict(tmp_path: Path) -> None:
    """With more and more memory, a large photo is an error in one line, and then predicted."""
    pixels = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "large.png")
    given = ("predict", tmp_path / "large.png", "--fov", 60, "--save", "npy", "--out")
    least, codes = address_space(LIBRARIES["predict"]), list[int]()
    for more in (20, 60, 150, 1500):
        out = tmp_path / str(more)
        done = run_within(least + more * MB, *given, out)
        assert_one_line(done)
        codes.append(done.returncode)
        if done.returncode:
            assert not out.exists() or not bytes_below(out)
    assert 2 in codes
    assert codes[-1] == 0


@pytest.mark.slow  # imports torch several times
def test_train(cache: Path, tmp_path: Path) -> None:
    """Training ends with one line; what it has saved can be resumed with more memory."""
    out = tmp_path / "run"
    given = ("train", "seed", "--data", cache, "--out", out, "--fraction", 1, "--auto-resume")
    given = (*given, *TINY_MODEL, "--canvas.height", 480, "--canvas.width", 640)
    given = (*given, "--batch-size", 8, "--steps", 2, "--model.attention-blocks", 0, 0, 0)
    least, codes = address_space(LIBRARIES["train"]), list[int]()
    for more in (100, 500):  # too little for the first pass, and for one image
        done = run_within(least + more * MB, *given)
        assert_one_line(done)
        codes.append(done.returncode)
    assert codes[0] != 0
    assert 2 in codes
    assert depth_unet(*given).code == 0
    assert read(out / LAST_NAME).step == 2


def test_decoding(
    photo: Path, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A photo for which memory is short is not called damaged."""
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda *_: np.empty(2**50, np.uint8))
    outcome = depth_unet("predict", photo, "--weights", run_folder, "--out", tmp_path / "out")
    assert_refused(outcome, "out of memory; close other programs")
