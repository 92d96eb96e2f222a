"""A photo of 100 megapixels."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.integration.commandline import start

MOST_BYTES = 2 * 10**9
SIDES = (11_552, 8_672)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts memory as Linux does")
def test_a_hundred_megapixels_fit_into_two_gigabytes(run_folder: Path, tmp_path: Path) -> None:
    """Decoded, predicted and written as PNG, array and picture, at most 2 GB are resident."""
    photo, out = tmp_path / "large.jpg", tmp_path / "depth"
    Image.new("RGB", SIDES, (90, 120, 150)).save(photo)
    with start("predict", photo, "--weights", run_folder, "--out", out) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, said
    assert usage.ru_maxrss * 1024 < MOST_BYTES
    assert np.load(out / "large_depth.npy", mmap_mode="r").shape == SIDES[::-1]
