"""One result, however a batch is computed: at once, in parts, with activations dropped, by two."""

from pathlib import Path

import pytest
import torch

from depth_unet.model.checkpoint import Checkpoint, read
from depth_unet.model.shipped import LAST_NAME
from tests.integration.commandline import TINY_MODEL, depth_unet, start_two, torchrun

pytestmark = pytest.mark.usefixtures("unchecked", "without_pictures")

NUM_STEPS = 5
RTOL = 1e-6
METRICS_RTOL = 1e-9
SMALL = 1e-6  # parameters that begin at 0 and hardly move have no size of their own
OPTIONS = (
    *("--steps", NUM_STEPS, "--batch-size", 16, "--fraction", 1),
    *("--holdout", 0.3, "--validate-every", NUM_STEPS, *TINY_MODEL, "--canvas.height", 32),
    *("--precision", "fp64"),
    *("--model.camera-rays", "--optim.layer-decay", 0.8, "--loss.silog", 0.2),
)
WAYS = {
    "four of four, activations twice": (
        *("--micro-batch-size", 4, "--compute.checkpointing", "on"),
    ),
}
MORE = {
    "one by one": ("--micro-batch-size", 1),
    "one by one, activations twice": ("--micro-batch-size", 1, "--compute.checkpointing", "on"),
    "four of four": ("--micro-batch-size", 4),
    "at once, activations twice": ("--micro-batch-size", 0, "--compute.checkpointing", "on"),
}


@pytest.fixture(scope="module", autouse=True)
def _little_work() -> None:
    """As much as in other processes, whose results are compared."""


@pytest.fixture(scope="module")
def at_once(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """Five steps of 16 images at once, in float64."""
    return trained(cache, tmp_path_factory.mktemp("at_once") / "run", "--micro-batch-size", 0)


def trained(cache: Path, out: Path, *options: object) -> Checkpoint:
    """The last checkpoint of a short run in this process."""
    outcome = depth_unet("train", "seed", "--data", cache, "--out", out, *OPTIONS, *options)
    assert outcome.code == 0, outcome.err
    return read(out / LAST_NAME)


def assert_agree(one: Checkpoint, other: Checkpoint) -> None:
    """Every parameter agrees to 1e-6 of its size, raw and averaged; every figure to 1e-9."""
    assert one.step == other.step == NUM_STEPS
    moved = [name for name, tensor in one.weights.items() if not tensor.equal(tensor.float())]
    assert len(moved) == len(one.weights), "float32 at first, and every one was trained"
    for tensors, others in ((one.weights, other.weights), (one.state, other.state)):
        assert list(tensors) == list(others)
        for name, tensor in tensors.items():
            if not name.startswith("optimiser/"):
                assert tensor.dtype == torch.float64
                difference = float((tensor - others[name]).norm())
                assert difference <= RTOL * max(float(tensor.norm()), SMALL), name
    assert one.metrics.keys() == other.metrics.keys() >= {"unseen/abs_rel", "seen/rmse"}
    for name, value in one.metrics.items():
        assert other.metrics[name] == pytest.approx(value, rel=METRICS_RTOL), name


@pytest.mark.parametrize("way", [*WAYS, *(pytest.param(w, marks=pytest.mark.slow) for w in MORE)])
def test_ways_of_computing_agree(
    at_once: Checkpoint, cache: Path, tmp_path: Path, way: str
) -> None:
    """Parameters, averages and metrics after five steps are those of the batch at once."""
    assert_agree(at_once, trained(cache, tmp_path / "run", *(WAYS | MORE)[way]))


@pytest.mark.parametrize("agent", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_two_processes_agree(at_once: Checkpoint, cache: Path, tmp_path: Path, agent: bool) -> None:
    """So are those of two processes over gloo, each with half of every batch in parts."""
    out = tmp_path / "run"
    train = ("train", "seed", "--data", cache, "--out", out, *OPTIONS, "--micro-batch-size", 3)
    two = [torchrun("--nproc-per-node", 2, arguments=train)] if agent else start_two(*train)
    for process in two:
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
    assert_agree(at_once, read(out / LAST_NAME))
