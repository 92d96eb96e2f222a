"""A network as it is made: shortcuts, which learn from the first step."""

import torch

from depth_unet.config.model import ModelConfig
from depth_unet.model.attention import AttentionBlock
from depth_unet.model.blocks import ResidualBlock
from depth_unet.model.unet import UNet


def test_new_network_is_made_of_shortcuts() -> None:
    """As it is made, every block passes its input on: depth costs nothing at first."""
    network = UNet(ModelConfig())
    residual = [module for module in network.modules() if isinstance(module, ResidualBlock)]
    attention = [module for module in network.modules() if isinstance(module, AttentionBlock)]
    assert residual
    assert attention
    for block in (*residual, *attention):
        x = torch.randn(2, block.norm1.num_channels, 3, 4)
        if isinstance(block, ResidualBlock):
            assert torch.equal(block(x), block.shortcut(x))
        else:
            places = torch.randn(2, block.position.in_channels, 3, 4)
            assert torch.equal(block(x, places), x)


def test_new_network_learns_from_its_first_step() -> None:
    """As it is made, the last layer and every kernel that is zero have a gradient."""
    torch.manual_seed(0)
    network = UNet(ModelConfig())
    network(torch.rand(2, 3, 32, 48)).canonical_depth_m.square().sum().backward()
    zero = [
        name for name, value in network.named_parameters() if "weight" in name and not value.any()
    ]
    assert zero, "no block starts as its shortcut"
    for name in (*zero, "head.weight"):
        assert network.get_parameter(name).grad.any(), name
