"""Memory is a setting: the plan is found, kept to, and changes nothing in the result."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from depth_unet.model.checkpoint import read
from depth_unet.model.shipped import LAST_NAME
from depth_unet.model.unet import UNet
from depth_unet.train.memory import MemoryMeter
from depth_unet.train.reporter import Reporter
from tests.integration.commandline import FEW_STEPS, assert_refused, bytes_below, depth_unet
from tests.integration.short_run import (
    NUM_STEPS,
    assert_same_weights,
    interrupt,
    signal_after,
    torch_threads,
    train,
)

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")


def fill_gpu() -> None:
    """As a GPU says that it is full."""
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def fill_system() -> None:
    """Ask the system for more memory than there is."""
    torch.empty(2**50)


def out_of_memory_beyond(
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    *,
    first_call: int = 0,
    fill: Callable[[], None] = fill_gpu,
) -> list[int]:
    """From a call on, the network fails for more images; returns the sizes that ran."""
    forward, sizes, calls = UNet.forward, list[int](), list[int]()

    def failing(self: UNet, image: torch.Tensor, *rest: object, **more: object) -> object:
        calls.append(len(image))
        if torch.is_grad_enabled() and len(calls) > first_call and len(image) > most:
            fill()
        sizes.append(len(image))
        return forward(self, image, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(UNet, "forward", failing)
    return sizes


@pytest.mark.chaos
@pytest.mark.parametrize(
    "fill",
    [fill_gpu, pytest.param(fill_system, marks=pytest.mark.slow)],  # they differ in the words
)
def test_out_of_memory_halves_and_repeats_the_step(
    fill: Callable[[], None], cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step is taken with all its images, in parts that fit; a line says each change."""
    with monkeypatch.context() as patch:
        # From the second part of the first step on.
        sizes = out_of_memory_beyond(patch, 1, first_call=1, fill=fill)
        outcome = train(cache, tmp_path / "hit", "--micro-batch-size", 3)
    assert outcome.code == 0, outcome.err
    assert "out of memory: continuing with 2 images at a time" in outcome.err
    assert "out of memory: continuing with 1 image at a time" in outcome.err
    assert set(sizes) == {3, 1}
    assert train(cache, tmp_path / "one", "--micro-batch-size", 1).code == 0
    hit, one = (read(tmp_path / name / LAST_NAME) for name in ("hit", "one"))
    assert hit.step == one.step == NUM_STEPS
    for name, weight in one.weights.items():
        assert torch.equal(weight, hit.weights[name]), name


def test_out_of_memory_in_a_thread(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passes in threads get smaller, too, once all of them ended."""
    with monkeypatch.context() as patch, torch_threads(2):
        sizes = out_of_memory_beyond(patch, 2, first_call=1)
        options = ("--batch-size", 8, "--micro-batch-size", 0)
        outcome = train(cache, tmp_path / "hit", *options)
    assert outcome.code == 0, outcome.err
    assert "out of memory: continuing with 4 images at a time" in outcome.err
    assert [size for size in sizes if size > 2] == [4]
    options = ("--batch-size", 8, "--micro-batch-size", 2)
    assert train(cache, tmp_path / "two", *options).code == 0
    assert_same_weights(tmp_path / "hit" / LAST_NAME, tmp_path / "two" / LAST_NAME)


@pytest.mark.slow  # test_resumed_with_other_memory is near it
def test_a_run_goes_on_in_the_parts_that_it_had(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is part of the run: resumed, it does not run out of memory once more."""
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        out_of_memory_beyond(patch, 2, first_call=1)
        signal_after(patch, 3)
        assert train(cache, out, "--micro-batch-size", 6).code == 130
    with monkeypatch.context() as patch:
        sizes = out_of_memory_beyond(patch, 99)
        outcome = depth_unet("train", "--resume", out)
    assert outcome.code == 0
    assert "out of memory" not in outcome.err
    assert max(sizes) == 2


@pytest.mark.chaos
@pytest.mark.slow  # test_too_little_memory_is_refused is near it
def test_one_image_too_many_is_said(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left to halve or to compute twice: one line says what may help; it is saved."""
    out_of_memory_beyond(monkeypatch, 0)
    outcome = train(cache, tmp_path / "run")
    assert outcome.code == 2
    assert "continuing with 1 image at a time, activations recomputed" in outcome.err
    assert "out of memory with one image at a time; choose a smaller --canvas" in outcome.err
    assert read(tmp_path / "run" / LAST_NAME).step == 0


def test_plan_is_printed_and_kept(cache: Path, tmp_path: Path) -> None:
    """Predicted before, measured after, both within the limit."""
    outcome = train(cache, tmp_path / "run", "--micro-batch-size", 0, "--memory", "6GB")
    assert outcome.code == 0, outcome.err
    plan = re.search(
        r"plan: 6 images as (\d) x (\d), activations kept; predicted peak ([\d.]+) GB of 6\.00 GB",
        outcome.err,
    )
    assert plan, outcome.err
    assert int(plan[1]) * int(plan[2]) >= 6
    measured = re.search(r"memory: measured peak ([\d.]+) GB of 6\.00 GB", outcome.err)
    assert measured, outcome.err
    assert 0.1 < float(measured[1]) <= 6
    assert read(tmp_path / "run" / LAST_NAME).extra["plan"]["micro_batch_size"] == int(plan[2])


def test_too_little_memory_is_refused(cache: Path, tmp_path: Path) -> None:
    """One line says how much one image takes, and what to give; an earlier run stays as it was."""
    assert train(cache, tmp_path / "run", "--steps", 1).code == 0
    before = bytes_below(tmp_path)
    outcome = depth_unet(
        *("train", "seed", "--data", cache, "--out", tmp_path / "run", *FEW_STEPS),
        *("--micro-batch-size", 0, "--memory", "50MB", "--overwrite"),
    )
    assert outcome.code == 2
    assert bytes_below(tmp_path) == before
    assert "memory 50MB is too little: one image at a time takes" in outcome.complaints[-1]


def test_memory_is_a_size(cache: Path, tmp_path: Path) -> None:
    """Anything else is refused before anything is done."""
    outcome = depth_unet("train", "seed", "--data", cache, "--out", tmp_path, "--memory", "lots")
    assert_refused(outcome, "memory is 'lots'", "4GB")


@pytest.mark.slow  # running out of memory takes the same way
def test_more_memory_than_planned_makes_smaller_parts(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a step took more than the limit, the next ones are computed in smaller parts."""
    reset, count, numbers = MemoryMeter.reset, Reporter.count, list[int]()

    def spiked(self: Reporter, step: int, *rest: Any) -> None:
        count(self, step, *rest)
        if step == 2:
            numbers.append(10**12)

    def forgotten(self: MemoryMeter) -> None:
        numbers.clear()
        reset(self)

    monkeypatch.setattr(Reporter, "count", spiked)
    monkeypatch.setattr(MemoryMeter, "reset", forgotten)
    peak = property(lambda _: max([1, *numbers]))
    monkeypatch.setattr(MemoryMeter, "peak_bytes", peak)
    outcome = train(cache, tmp_path / "run", "--micro-batch-size", 6, "--memory", "6GB")
    assert outcome.code == 0
    told = [line for line in outcome.err.splitlines() if "more memory than planned" in line]
    assert len(told) <= 1, "one spike shrinks the plan once"
    plan = read(tmp_path / "run" / LAST_NAME).extra["plan"]
    first = int(re.search(r"images as \d x (\d)", outcome.err)[1])  # type: ignore[index]
    assert plan["micro_batch_size"] == max(1, -(-first // 2))
    assert "measured peak 1000.00 GB" in outcome.err


def test_resumed_with_other_memory(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings of the machine may change between a run and its continuation; the plan follows."""
    out = tmp_path / "run"
    interrupt(3, cache, out, "--micro-batch-size", 2)
    with monkeypatch.context() as patch:
        sizes = out_of_memory_beyond(patch, 99)
        assert depth_unet("train", "--resume", out, "--micro-batch-size", 3).code == 0
    assert max(sizes) == 3
    assert read(out / LAST_NAME).step == NUM_STEPS
