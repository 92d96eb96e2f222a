"""Schedules, layer-wise rates and frozen parts."""

import math

import pytest
import torch

from depth_unet.config.model import ModelConfig
from depth_unet.config.optim import OptimConfig
from depth_unet.errors import ConfigError
from depth_unet.model.unet import UNet
from depth_unet.train.optimiser import learning_rate, make_optimiser, set_learning_rate

TINY = ModelConfig(widths=(8, 16, 32), blocks=(1, 1, 1), attention_blocks=(0, 1, 1), head_width=8)


def rates(schedule: str, num_steps: int, warmup: float) -> list[float]:
    """The learning rate of every step of a run."""
    config = OptimConfig(lr=2.0, schedule=schedule, warmup=warmup)  # type: ignore[arg-type]
    return [learning_rate(step, num_steps, config) for step in range(num_steps)]


@pytest.mark.parametrize(("num_steps", "warmup"), [(100, 0.3), (40, 0.25), (1000, 0.05)])
def test_one_cycle_is_torchs(num_steps: int, warmup: float) -> None:
    """The same rates as OneCycleLR with its own defaults."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=2.0, total_steps=num_steps, pct_start=warmup, cycle_momentum=False
    )
    expected = []
    for _ in range(num_steps):
        expected.append(scheduler.get_last_lr()[0])
        optimiser.step()
        scheduler.step() if len(expected) < num_steps else None
    assert rates("one_cycle", num_steps, warmup) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("num_steps", [1, 2, 3])
def test_one_cycle_of_few_steps(num_steps: int) -> None:
    """No division by zero, and nothing above the largest rate."""
    assert all(0 < rate <= 2.0 for rate in rates("one_cycle", num_steps, 0.5))


def test_constant_with_warm_up() -> None:
    """It rises in equal steps and stays."""
    found = rates("constant", 10, 0.4)
    assert found[:4] == pytest.approx([0.4, 0.8, 1.2, 1.6])
    assert set(found[4:]) == {2.0}


def test_cosine_by_hand() -> None:
    """Half a cosine from the largest rate to nearly 0."""
    found = rates("cosine", 10, 0.0)
    assert found == pytest.approx([1 + math.cos(math.pi * step / 10) for step in range(10)])


def test_layer_decay_by_hand() -> None:
    """The decoder has the whole rate, every finer level of the encoder a factor less."""
    network = UNet(TINY)
    optimiser = make_optimiser(network, OptimConfig(lr=1.0, layer_decay=0.5), fused=False)
    set_learning_rate(optimiser, 8.0)
    found = {id(p): group["lr"] for group in optimiser.param_groups for p in group["params"]}
    for name, parameter in network.named_parameters():
        part, _, rest = name.removeprefix("encoder.").partition(".")
        expected = {"head": 8, "ups": 8, "stem": 1}.get(part)
        if expected is None:
            level = int(rest.split(".")[0]) + (part == "downs")
            expected = (1, 2, 4)[level]
        assert found[id(parameter)] == expected, name
    assert len(found) == len(list(network.parameters()))


@pytest.mark.parametrize("decay", [1.0, 0.5])
def test_only_matrices_decay(decay: float) -> None:
    """Norms and biases have no weight decay, whatever the layers."""
    network = UNet(TINY)
    config = OptimConfig(layer_decay=decay, weight_decay=0.3)
    optimiser = make_optimiser(network, config, fused=False)
    for group in optimiser.param_groups:
        assert len({p.ndim > 1 for p in group["params"]}) == 1
        assert group["weight_decay"] == (0.3 if group["params"][0].ndim > 1 else 0.0)


def test_frozen_parts_do_not_move() -> None:
    """Their parameters stay, all others change."""
    torch.manual_seed(0)
    network = UNet(TINY)
    frozen = ("encoder.stem", "encoder.stages.1")
    optimiser = make_optimiser(network, OptimConfig(frozen=frozen), fused=False)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    for _ in range(3):
        network(torch.rand(2, 3, 32, 48)).canonical_depth_m.log().square().mean().backward()
        optimiser.step()
        optimiser.zero_grad()
    for name, parameter in network.named_parameters():
        still = name.startswith(tuple(f"{part}." for part in frozen))
        assert torch.equal(before[name], parameter) == still, name


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("stages.9",), "names stages.9; choose from encoder.stem, encoder.stages.0"),
        (tuple(p for level in UNet(TINY).layers() for p in level), "the whole network"),
    ],
)
def test_impossible_parts_are_refused(names: tuple[str, ...], message: str) -> None:
    """A part that is not there, and nothing left to train."""
    with pytest.raises(ConfigError, match=message):
        make_optimiser(UNet(TINY), OptimConfig(frozen=names), fused=False)


def test_layers_cover_the_network() -> None:
    """Every parameter belongs to exactly one named part."""
    network = UNet(TINY)
    parts = [part for level in network.layers() for part in level]
    for name, _ in network.named_parameters():
        assert sum(name.startswith(f"{part}.") for part in parts) == 1, name
