"""The threads of commands that process many photos."""

import os
from pathlib import Path

import pytest

from depth_unet.cli.predict.job import shared_threads
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
