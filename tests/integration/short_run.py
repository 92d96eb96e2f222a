"""A run of seven steps that draws every kind of random number and keeps every kind of state."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from depth_unet.model.checkpoint import read
from depth_unet.train.reporter import Reporter
from tests.integration.commandline import TINY_MODEL, Outcome, depth_unet

NUM_STEPS = 7
# One room is unseen, four are trained on: 20 frames in batches of 6, so four steps an epoch, the
# last with two frames. The network is told the cameras; the recipe's augmentation, clipping,
# schedule and averages are on.
OPTIONS = (
    *("--fraction", "0.4", "--holdout", "0.1", "--batch-size", "6", "--micro-batch-size", "4"),
    *("--validate-every", "3", "--log-every", "1", "--model.camera-rays", *TINY_MODEL),
)


def train(cache: Path, out: Path, *options: object) -> Outcome:
    """Train a small network for a few steps."""
    given = ("--steps", NUM_STEPS, *OPTIONS, *options)
    return depth_unet("train", "seed", "--data", cache, "--out", out, *given)


def interrupt(step: int, cache: Path, out: Path, *options: object) -> None:
    """Train the network until Ctrl-C is pressed in the given step."""
    with pytest.MonkeyPatch.context() as patch:
        signal_after(patch, step)
        assert train(cache, out, *options).code == 130


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Let torch use this many threads, as it does by itself where there are as many cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
        assert torch.get_num_threads() == number
    finally:
        torch.set_num_threads(before)


def assert_same(one: Path, other: Path) -> None:
    """Two checkpoint files hold the same bits and the same facts."""
    first, second = read(one), read(other)
    for group in ("weights", "state", "guesses"):
        tensors, others = getattr(first, group), getattr(second, group)
        assert list(tensors) == list(others)
        for name, tensor in tensors.items():
            assert torch.equal(tensor, others[name]), f"{group}/{name} differs"
    for name in ("config", "step", "splits", "metrics", "extra"):
        assert getattr(first, name) == getattr(second, name), f"{name} differs"


def assert_same_weights(one: Path, other: Path) -> None:
    """Two checkpoint files hold the same weights, whatever else differs."""
    first, second = read(one).weights, read(other).weights
    assert all(torch.equal(first[name], second[name]) for name in second)


def signal_after(
    monkeypatch: pytest.MonkeyPatch, step: int, number: signal.Signals = signal.SIGINT
) -> None:
    """Send this process a signal while the given step is still going on."""
    count: Callable[..., None] = Reporter.count

    def counted(self: Reporter, now: int, *rest: Any) -> None:
        count(self, now, *rest)
        if now == step:
            signal.raise_signal(number)

    monkeypatch.setattr(Reporter, "count", counted)
