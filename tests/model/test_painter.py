"""The network that paints: blind where it should be, made of the same parts as that for depth."""

import pytest
import torch

from depth_unet.config.hidden import HiddenConfig
from depth_unet.config.model import ModelConfig
from depth_unet.config.run import Config
from depth_unet.model.network import make_network
from depth_unet.model.painter import PainterUNet
from depth_unet.model.unet import DepthUNet

OURS = ModelConfig(
    widths=(8, 16, 32), blocks=(1, 1, 1), attention_blocks=(0, 1, 1), head_width=8, spread=True
)
TRANSFER = ModelConfig(
    encoder="efficientnet_lite0",
    widths=(8, 8, 16, 16, 32),
    attention_blocks=(0, 0, 0, 1, 1),
    head_width=8,
)


@pytest.fixture(params=[OURS, TRANSFER], ids=lambda config: config.encoder, name="network")
def each_network(request: pytest.FixtureRequest) -> PainterUNet:
    """With either encoder, in a state in which everything takes part."""
    torch.manual_seed(0)
    network = PainterUNet(request.param)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network


@pytest.fixture(name="hidden")
def left_half() -> torch.Tensor:
    """The left half of two photos."""
    hidden = torch.zeros(2, 1, 48, 64, dtype=torch.bool)
    hidden[..., :32] = True
    return hidden


def test_hidden_pixels_are_not_seen(network: PainterUNet, hidden: torch.Tensor) -> None:
    """Whatever lies under the mask, even NaN, the answer is the same; what is visible counts."""
    image = torch.rand(2, 3, 48, 64)
    with torch.no_grad():
        painted = network(image, hidden)
        for value in (0.0, 1.0, float("nan")):
            assert torch.equal(network(torch.where(hidden, value, image), hidden), painted)
        assert not torch.equal(network(torch.where(hidden, image, 1.0), hidden), painted)


@pytest.mark.parametrize("size", [(48, 64), (33, 47), (17, 70)])
def test_shape(network: PainterUNet, size: tuple[int, int]) -> None:
    """Colours come at the size of the photo, in single precision, under mixed precision too."""
    hidden = torch.ones(1, 1, *size, dtype=torch.bool)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        painted = network(torch.rand(1, 3, *size), hidden)
    assert painted.shape == (1, 3, *size)
    assert painted.dtype == torch.float32
    assert painted.isfinite().all()


def test_every_weight_is_trained(network: PainterUNet, hidden: torch.Tensor) -> None:
    """No trained weight is without a gradient: several processes wait for all of them."""
    network(torch.rand(2, 3, 48, 64), hidden).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert not parameter.requires_grad or parameter.grad.any(), name


def test_dropped_activations_change_nothing(network: PainterUNet, hidden: torch.Tensor) -> None:
    """Computed anew for the backward pass, activations give the same gradient."""
    image, gradients = torch.rand(2, 3, 48, 64), []
    for network.checkpointing in (False, True):
        network.zero_grad()
        network(image, hidden).square().sum().backward()
        gradients.append([p.grad for p in network.parameters() if p.grad is not None])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("config", [OURS, TRANSFER], ids=lambda config: config.encoder)
def test_parts_are_those_of_the_network_for_depth(config: ModelConfig) -> None:
    """All weights but those of the heads have the same names and shapes; every one has a layer."""
    shapes = [
        {
            name: value.shape
            for name, value in network.state_dict().items()
            if name.partition(".")[0] not in network.heads()
        }
        for network in (PainterUNet(config), DepthUNet(config))
    ]
    assert shapes[0] == shapes[1]
    network = PainterUNet(config)
    parts = [f"{part}." for level in network.layers() for part in level]
    for name, _ in network.named_parameters():
        assert sum(name.startswith(part) for part in parts) == 1, name


def test_new_network_paints_grey() -> None:
    """As it is made, it paints the grey that its encoder takes for the middle, and can learn."""
    network = PainterUNet(ModelConfig())
    hidden = torch.ones(1, 1, 48, 64, dtype=torch.bool)
    painted = network(torch.rand(1, 3, 48, 64), hidden)
    torch.testing.assert_close(painted, torch.full_like(painted, network.encoder.mean))
    painted.sum().backward()
    assert network.colour_head.weight.grad.any()


def test_settings_decide_the_network() -> None:
    """A run that hides parts of photos paints; any other predicts depth."""
    assert type(make_network(Config())) is DepthUNet
    assert type(make_network(Config(hidden=HiddenConfig(share=0.5)))) is PainterUNet
