"""The progress bar and the threads of commands that process many photos."""

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from depth_unet.cli.predict.job import shared_threads, speed_bar
from depth_unet.predict.onnx import OnnxModel
from tests.predict.onnx_files import FACTS, flat_model, write


def shown(*, is_shown: bool = True) -> str:
    """What a terminal is sent while three of ten are done, one a second."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, color_system=None)
    now_s = iter(range(1000))
    with speed_bar(console, "images", shown=is_shown) as progress:
        progress.get_time = lambda: float(next(now_s))
        task = progress.add_task("[dim].jpg", total=10)
        for _ in range(3):
            progress.advance(task)
        progress.refresh()
    return stream.getvalue()


def test_speed_and_names() -> None:
    """The bar shows the speed; a name that looks like markup is shown as it is."""
    text = shown()
    assert "images/s" in text
    assert "3/10" in text
    assert "[dim].jpg" in text


def test_none() -> None:
    """Where there is nothing to do it says nothing."""
    assert "images/s" not in shown(is_shown=False)


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
