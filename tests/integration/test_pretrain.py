"""Learning from photos alone: a run as any other, whose weights others begin with."""

import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from depth_unet.config.augment import AugmentConfig
from depth_unet.config.hidden import HiddenConfig
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.data.loader import Loader, RawBatch
from depth_unet.data.order import EpochOrder
from depth_unet.data.source import PairsSource
from depth_unet.model.checkpoint import BEST_NAME, LAST_NAME, read
from depth_unet.model.network import make_network
from depth_unet.train.micro_batches import MicroBatches
from depth_unet.train.step import BatchGradient
from examples.box_rooms import write_box_rooms
from tests.integration.commandline import (
    TINY_MODEL,
    UNCHANGED,
    Outcome,
    assert_refused,
    depth_unet,
    torchrun,
)
from tests.integration.short_run import assert_same, signal_after
from tests.integration.test_overfit import losses_of

RTOL = 1e-6
OPTIONS = (
    *("--steps", 7, "--batch-size", 6, "--micro-batch-size", 4, "--log-every", 1),
    *("--model.camera-rays", *TINY_MODEL),
)
HEADS = ("colour_head.", "head.", "spread_head.")


def pretrain(data: Path, out: Path, *options: object) -> Outcome:
    """Seven steps of a tiny network on photos alone."""
    return depth_unet("pretrain", "seed", "--data", data, "--out", out, *OPTIONS, *options)


@pytest.fixture(scope="module")
def undisturbed(cache: Path) -> Path:
    """A pretraining run of seven steps."""
    out = cache.parent / "pretrained"
    outcome = pretrain(cache, out)
    assert outcome.code == 0, outcome.err
    return out


def test_every_frame_but_the_tests_is_used(box_rooms: Path, undisturbed: Path) -> None:
    """No room is held out, nothing is scored, no guess is fitted; the run says what it is."""
    checkpoint = read(undisturbed / LAST_NAME)
    rows = PairsSource(box_rooms).rows
    splits = {name: {*frames} for name, frames in checkpoint.splits.items()}
    test = {row.rgb for row in rows if row.official_split == "test"}
    train = {row.rgb for row in rows} - test
    assert splits == {"train": train, "seen": set(), "unseen": set(), "test": test}
    assert (checkpoint.metrics, checkpoint.guesses) == ({}, {})
    assert checkpoint.config.hidden.share == 0.6
    assert checkpoint.config.recipe == "seed"


def test_rooms_can_be_kept_apart(cache: Path, tmp_path: Path) -> None:
    """With --holdout the rooms that a training will be judged by are not looked at either."""
    out, after = tmp_path / "run", tmp_path / "after"
    outcome = pretrain(cache, out, "--holdout", 0.2, "--steps", 1)
    assert outcome.code == 0
    assert "(protocol" not in outcome.err
    trained = train(cache, after, "--init", out, "--holdout", 0.2)
    assert not [line for line in trained.warnings if "too good" in line]
    assert read(after / LAST_NAME).splits["unseen"] == read(out / LAST_NAME).splits["unseen"]


def train(data: Path, out: Path, *options: object) -> Outcome:
    """Two steps of depth that hardly move a weight."""
    return depth_unet(
        *("train", "seed", "--data", data, "--out", out, *OPTIONS, "--fraction", 1),
        *("--steps", 1, "--optim.lr", 1e-12, *options),
    )


def test_depth_is_not_looked_at(box_rooms: Path, tmp_path: Path) -> None:
    """Other depth behind the same photos gives the same weights, to the last bit."""
    weights = []
    for name in ("one", "other"):
        data, out = tmp_path / name / "rooms", tmp_path / name / "run"
        shutil.copytree(box_rooms, data)
        if name == "other":
            depths = sorted(data.glob("train/*/*_depth.png"))
            assert depths
            for depth in depths[1:]:
                shutil.copyfile(depths[0], depth)
        assert pretrain(data, out, "--steps", 3, "--augment.zoom", 1.5).code == 0
        weights.append(read(out / LAST_NAME).weights)
    for name, weight in weights[0].items():
        assert torch.equal(weight, weights[1][name]), name


@pytest.mark.parametrize("step", [1, 4, 6])
def test_resumed_run_is_the_same_run(
    cache: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """`train --resume` goes on with it: weights, averages and moments are bit-identical."""
    out = tmp_path / "run"
    with monkeypatch.context() as context:
        signal_after(context, step, signal.SIGTERM)
        assert pretrain(cache, out).code == 130
    assert read(out / LAST_NAME).step == step
    assert depth_unet("train", "--resume", out).code == 0
    for name in (LAST_NAME, BEST_NAME):
        assert_same(out / name, undisturbed / name)


def test_auto_resume(cache: Path, undisturbed: Path, tmp_path: Path) -> None:
    """The same command goes on with its run; `train` does not take it for one of its own."""
    out = Path(shutil.copytree(undisturbed, tmp_path / "run"))
    assert pretrain(cache, out, "--auto-resume").code == 0
    assert_same(out / LAST_NAME, undisturbed / LAST_NAME)
    given = ("train", "seed", "--data", cache, "--out", out, *OPTIONS, "--auto-resume")
    assert_refused(depth_unet(*given), "hidden.share 0.6 there")


def test_training_begins_with_all_weights_but_the_heads(
    cache: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """Encoder and decoder are taken over as they were averaged; the line names both heads."""
    outcome = train(cache, tmp_path / "run", "--init", undisturbed)
    assert outcome.code == 0, outcome.err
    ours, theirs = read(tmp_path / "run" / LAST_NAME), read(undisturbed / BEST_NAME)
    body = [name for name in theirs.weights if not name.startswith(HEADS)]
    assert {*ours.weights} == {*body, "head.weight", "head.bias"}
    for name in body:
        torch.testing.assert_close(ours.weights[name], theirs.weights[name], atol=1e-9, rtol=1e-5)
    assert f"{len(body)} of {len(body) + 2} parameters loaded" in outcome.err
    assert "not in the weights: head.weight, head.bias; not used: colour_head." in outcome.err
    assert ours.origin == f"{undisturbed.name}/{BEST_NAME} (seed, 7 steps on photos alone)"


def test_warnings_of_beginning_with_it(cache: Path, undisturbed: Path, tmp_path: Path) -> None:
    """It is said that photos of unseen rooms were known; settings of depth alone are not."""
    options = ("--holdout", 0.2, "--model.max-depth-m", 9, "--model.spread", "--loss.spread", 0.1)
    outcome = train(cache, tmp_path / "run", "--init", undisturbed, *options)
    assert outcome.code == 0
    warnings = "\n".join(outcome.warnings)
    assert "pretrained, without depth, on frames" in warnings
    assert "of a network with" not in warnings


def test_no_depth_is_predicted(
    cache: Path, undisturbed: Path, run_folder: Path, photo: Path, tmp_path: Path
) -> None:
    """Whoever asks for depth is told what it is and what to do, and nothing is written."""
    out = tmp_path / "out"
    for command in (
        ("predict", photo, "--weights", undisturbed, "--out", out),
        ("evaluate", undisturbed, "--data", cache, "--out", out),
        ("compare", run_folder, undisturbed, "--data", cache, "--out", out),
        ("export", undisturbed, tmp_path / "weights.safetensors"),
    ):
        outcome = depth_unet(*command)
        assert_refused(outcome, "pretrained on photos alone", "train seed --data DIR --init RUN")
        assert not list(tmp_path.rglob("*.safetensors"))


def test_what_comes_next_is_said(cache: Path, tmp_path: Path) -> None:
    """A run ends with the command that begins a training with it."""
    outcome = pretrain(cache, tmp_path / "run", "--steps", 1)
    assert "60% of every photo hidden" in outcome.err
    lines = outcome.err.splitlines()
    assert f"next: depth-unet train seed --data {cache} --init {tmp_path / 'run'}" in lines


@pytest.mark.usefixtures("unchecked")
def test_it_learns(tmp_path: Path) -> None:
    """In 150 steps on four photos the error of what is hidden falls by more than a third."""
    data = write_box_rooms(tmp_path / "data", rooms=2, frames=2, size=(64, 48))
    outcome = pretrain(
        *(data, tmp_path / "run", *UNCHANGED, "--steps", 150, "--batch-size", 4),
        *("--micro-batch-size", 0, "--optim.lr", 3e-3, "--optim.weight-decay", 0),
    )
    assert outcome.code == 0
    losses = losses_of(outcome)
    assert len(losses) == 150
    assert sum(losses[-10:]) < sum(losses[:10]) * 2 / 3


CONFIG = Config(
    canvas=CanvasConfig(height=48, width=64),
    model=ModelConfig(
        widths=(8, 16, 32), blocks=(1, 1, 1), attention_blocks=(0, 1, 1), head_width=8
    ),
    augment=AugmentConfig(zoom=1.5, brightness=0.2),
    hidden=HiddenConfig(share=0.6),
)


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    """One process, float64."""
    return Fabric(accelerator="cpu", devices=1, precision="64-true")


@pytest.fixture(scope="module")
def raw(box_rooms: Path) -> RawBatch:
    """Eight frames."""
    order = EpochOrder([range(8)], seed=0)
    source = PairsSource(box_rooms, quiet=True)
    return Loader(source, order, size=CONFIG.source_size(), batch_size=8).load(0)


def gradient(fabric: Fabric, raw: RawBatch, size: int) -> tuple[Tensor, float]:
    """All gradients of a batch in parts of ``size``, in one row, and the loss."""
    torch.manual_seed(0)
    network = make_network(CONFIG)
    with torch.no_grad():  # every block must take part, also those that start as zero
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    model = fabric.setup(network)
    parts = MicroBatches(raw, size, CONFIG, fabric.device)
    losses = BatchGradient(fabric, model, CONFIG).accumulate(parts, parts.masks())
    found = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
    assert found.dtype == torch.float64
    return found, float(losses.means["total"])


@pytest.mark.parametrize("size", [2, 3])
def test_micro_batches_have_the_gradient_of_the_whole(
    fabric: Fabric, raw: RawBatch, size: int
) -> None:
    """Four micro-batches of two, or parts of three, three and two, are the batch, to 1e-6."""
    whole, loss = gradient(fabric, raw, 8)
    parts, loss_of_parts = gradient(fabric, raw, size)
    assert whole.norm() > 0
    assert float((whole - parts).norm() / whole.norm()) <= RTOL
    assert loss_of_parts == pytest.approx(loss, rel=RTOL)


def test_idle_process_adds_nothing(fabric: Fabric, raw: RawBatch) -> None:
    """A process that has no frame of a small batch takes part with a gradient of exactly 0."""
    found, loss = gradient(fabric, replace(raw.slice(0, 1), idle=True), 8)
    assert not found.any()
    assert loss == 0


@pytest.mark.slow
def test_two_processes_agree(cache: Path, tmp_path: Path) -> None:
    """Two processes, one idle in the last step of an epoch, have the weights of one, to 1e-6."""
    fixed = ("--precision", "fp64", "--batch-size", 71, "--steps", 3)
    assert pretrain(cache, tmp_path / "one", *fixed).code == 0
    given = ("pretrain", "seed", "--data", cache, "--out", tmp_path / "two", *OPTIONS, *fixed)
    process = torchrun("--nproc-per-node", 2, arguments=given)
    _, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    one, two = (read(tmp_path / name / LAST_NAME).weights for name in ("one", "two"))
    for name, weight in one.items():
        assert float((weight - two[name]).norm()) <= RTOL * max(float(weight.norm()), RTOL), name
