"""Ctrl-C, a full disk, a curious reader: checkpoints are whole, and a run can go on."""

import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError, safe_open
from torch import Tensor

from depth_unet.data.loader import Loader, RawBatch
from depth_unet.errors import DataError
from depth_unet.model import checkpoint
from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import BEST_NAME, LAST_NAME
from depth_unet.predict.load import load
from depth_unet.train.reporter import Reporter
from tests.integration.commandline import depth_unet, start
from tests.integration.short_run import OPTIONS, train

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")


@pytest.mark.slow  # test_resume has the signals in this process
def test_ctrl_c(cache: Path, tmp_path: Path) -> None:
    """Ctrl-C saves, says how to go on and exits 130; what it says completes the run."""
    out, num_steps = tmp_path / "run", 40
    options = ("--steps", num_steps, *OPTIONS, "--validate-every", 1000)
    process = start("train", "seed", "--data", cache, "--out", out, *options)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("step 2 "):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    last = err.splitlines()[-1]
    found = re.fullmatch(
        r"depth-unet: interrupted; saved after step (\d+) of 40; resume with: depth-unet (.+)", last
    )
    assert found, last
    step = int(found[1])
    assert 2 <= step < num_steps
    assert read(out / LAST_NAME).step == step
    assert not list(out.rglob("*.part*"))
    assert depth_unet(*found[2].split()).code == 0
    assert read(out / LAST_NAME).step == num_steps
    assert load(out).checkpoint.step == num_steps  # nothing is unseen before the end: it is best


@pytest.mark.chaos
def test_second_ctrl_c_ends_at_once(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not wait for the step to end; the checkpoint that was there before stays."""

    def counted(_self: Reporter, now: int, *_rest: Any) -> None:
        if now == 2:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            pytest.fail("the second signal was ignored")

    monkeypatch.setattr(Reporter, "count", counted)
    outcome = train(cache, tmp_path / "run", "--checkpoint-every", 1)
    assert outcome.code == 130
    assert read(tmp_path / "run" / LAST_NAME).step == 1


def test_checkpoints_are_whole_at_all_times(cache: Path, tmp_path: Path) -> None:
    """Whoever reads ``last`` or ``best`` while a run writes them finds a whole file."""
    out, ended, steps = tmp_path / "run", threading.Event(), set()

    def watch() -> None:
        while not ended.is_set():
            for path in (out / LAST_NAME, out / BEST_NAME):
                if path.exists():
                    steps.add(read(path).step)
            time.sleep(0.001)

    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            watch()
        except BaseException as error:
            failures.append(error)

    watcher = threading.Thread(target=guarded)
    watcher.start()
    try:
        options = ("--holdout", "none", "--checkpoint-every", 1, "--validate-every", 1)
        assert train(cache, out, *options, "--steps", 8).code == 0
    finally:
        ended.set()
        watcher.join()
    assert not failures
    assert len(steps) > 3, "the watcher saw too little to tell"


@pytest.mark.chaos
def test_full_disk_keeps_the_last_checkpoint(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a checkpoint cannot be written, the one before it stays whole, and one line says so."""
    out, written = tmp_path / "run", checkpoint.save_file

    def fill(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
        written(tensors, path, metadata=metadata)
        if '"step": 3' in metadata["depth_unet"]:
            path.write_bytes(path.read_bytes()[:1000])
            raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoint, "save_file", fill)
    outcome = train(cache, out, "--checkpoint-every", 1, "--holdout", "none")
    assert outcome.code == 2
    assert [line for line in outcome.complaints if "No space left" in line] == outcome.complaints
    assert read(out / LAST_NAME).step == 2
    assert not list(out.rglob("*.part*"))
    with safe_open(out / LAST_NAME, framework="pt") as stream:
        assert stream.metadata()


@pytest.mark.chaos
def test_frame_lost_in_between_keeps_the_run(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame lost while training ends the run with one line, saved; once back, it goes on."""
    out, batches = tmp_path / "run", Loader.batches

    def losing(self: Loader, start: int, stop: int) -> Iterator[tuple[int, RawBatch]]:
        for step, batch in batches(self, start, stop):
            if step == 3:
                raise DataError("room.png is missing; put it back")
            yield step, batch

    run = ("train", "seed", "--data", cache, "--out", out, "--steps", 6, *OPTIONS)
    with monkeypatch.context() as patch:
        patch.setattr(Loader, "batches", losing)
        outcome = depth_unet(*run)
    assert outcome.code == 2
    assert "room.png is missing; put it back" in outcome.complaints[-1]
    assert read(out / LAST_NAME).step == 3
    assert depth_unet("train", "--resume", out).code == 0
    assert read(out / LAST_NAME).step == 6
