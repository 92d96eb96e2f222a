"""Memory is measured as the system counts it: growth and release are seen."""

import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from depth_unet.train.memory import MemoryMeter, current_bytes, release

CPU = torch.device("cpu")
MB = 10**6


def test_peak_of_something_short() -> None:
    """200 MB that live for a twentieth of a second are seen, and forgotten by a reset."""
    with MemoryMeter(CPU) as meter:
        before = meter.peak_bytes
        block = np.ones(200 * MB, np.uint8)
        time.sleep(0.05)
        del block
        peak = meter.peak_bytes
        meter.reset()
        after = meter.peak_bytes
    assert peak - before == pytest.approx(200 * MB, rel=0.2)
    assert after - before < 50 * MB


def test_peak_late_in_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sampled less often later, a peak as long as a few layers is still seen."""
    monkeypatch.setattr("depth_unet.train.memory.FIRST_SAMPLES", 1)
    with MemoryMeter(CPU) as meter:
        before = meter.peak_bytes
        time.sleep(0.05)
        block = np.ones(200 * MB, np.uint8)
        time.sleep(0.1)
        del block
        assert meter.peak_bytes - before == pytest.approx(200 * MB, rel=0.2)


def test_meter_can_be_entered_again() -> None:
    """One meter measures the plan, and then the run."""
    meter = MemoryMeter(CPU)
    for _ in range(2):
        with meter:
            block = np.ones(100 * MB, np.uint8)
            time.sleep(0.02)
            del block
        assert meter.peak_bytes > 100 * MB


def test_children_count() -> None:
    """Memory of child processes counts as the run's."""
    before = current_bytes(CPU)
    code = "import sys; block = b'x' * 10**8; print(len(block), flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"100000000"
        during = current_bytes(CPU)
        child.communicate()
    assert during - before > 95 * MB


def test_files_do_not_count(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The pages of a mapped file, such as a cache, do not count."""
    path = tmp_path_factory.mktemp("mapped") / "block.npy"
    np.save(path, np.ones(100 * MB, np.uint8))
    release(CPU)
    before = current_bytes(CPU)
    mapped = np.load(path, mmap_mode="r")
    assert int(mapped.sum()) == 100 * MB
    assert current_bytes(CPU) - before < 20 * MB
