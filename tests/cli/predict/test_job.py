"""The threads of commands that process many photos."""

import os
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from depth_unet.cli.predict import job
from depth_unet.cli.predict.inputs import Input, list_inputs
from depth_unet.cli.predict.job import Outcome, for_each_photo, shared_threads
from depth_unet.predict.onnx import OnnxModel
from tests.predict.onnx_files import FACTS, flat_model, write


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs Linux")
def test_as_many_threads_as_cores_may_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container with one core of a large machine, photos do not compete for it."""
    model = OnnxModel(write(tmp_path / "flat.onnx", flat_model(FACTS)))
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {3})
    with shared_threads(model) as (_, num_threads):
        assert num_threads == 1


def test_large_photos_wait_for_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the large photos one is in memory at a time; small ones share the threads."""
    monkeypatch.setattr(job, "num_cores", lambda: 4)
    monkeypatch.setattr(job, "LARGE_PIXELS", 100)
    model = OnnxModel(write(tmp_path / "flat.onnx", flat_model(FACTS)))
    for number in range(2):
        Image.new("RGB", (20, 20)).save(tmp_path / f"large{number}.png")
        Image.new("RGB", (5, 5)).save(tmp_path / f"small{number}.png")
    both_small, large = threading.Barrier(2), threading.Lock()

    def work(item: Input) -> str:
        if item.path.stem.startswith("small"):
            both_small.wait(timeout=60)
        else:
            assert large.acquire(blocking=False), "two large photos at once"
            time.sleep(0.2)
            large.release()
        return item.path.stem

    outcome = Outcome()
    photos = list_inputs([str(tmp_path / "*.png")], [])
    done = for_each_photo(model, photos, work, outcome)
    assert done == ["large0", "large1", "small0", "small1"]
    assert (outcome.num_written, outcome.failures) == (4, [])
