"""A photo of 100 megapixels."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.integration.commandline import source_path

MOST_BYTES = 2 * 10**9
SIDES = (11_552, 8_672)
# Linux counts the memory of the parent at the start: pytest may be large.
SMALL_PARENT = """
import resource, subprocess, sys
code = subprocess.call([sys.executable, "-m", "depth_unet", *sys.argv[1:]])
print(1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts memory as Linux does")
def test_a_hundred_megapixels_fit_into_two_gigabytes(run_folder: Path, tmp_path: Path) -> None:
    """Decoded, predicted and written as PNG, array and picture, at most 2 GB are resident."""
    photo, out = tmp_path / "large.jpg", tmp_path / "depth"
    Image.new("RGB", SIDES, (90, 120, 150)).save(photo)
    command = ("predict", photo, "--weights", run_folder, "--out", out)
    done = subprocess.run(
        [sys.executable, "-c", SMALL_PARENT, *map(str, command)],
        env={**os.environ, "PYTHONPATH": source_path()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) < MOST_BYTES
    assert np.load(out / "large_depth.npy", mmap_mode="r").shape == SIDES[::-1]
