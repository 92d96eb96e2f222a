"""The convolutional blocks."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from depth_unet.model.blocks import Downsample, GroupNorm, ResidualBlock, Upsample
from tests.tolerances import TOLERANCE


def features(channels: int, height: int = 6, width: int = 7) -> torch.Tensor:
    """Any feature map."""
    generator = torch.Generator().manual_seed(channels)
    return torch.randn(2, channels, height, width, generator=generator)


def test_residual_block_adds_to_its_shortcut() -> None:
    """What the convolutions say is added to the input, or to its 1x1 convolution."""
    for block in (ResidualBlock(8, 8, 2), ResidualBlock(8, 12, 2)):
        nn.init.zeros_(block.conv2.weight)
        nn.init.constant_(block.conv2.bias, 0.5)
        expected = block.shortcut(features(8)) + 0.5
        torch.testing.assert_close(block(features(8)), expected, **TOLERANCE[torch.float32])


def test_residual_block_by_hand() -> None:
    """Norm, activation, convolution, twice; the second norm is of what the first one made."""
    block, x = ResidualBlock(8, 12, 2), features(8)
    y = block.conv1(F.silu(F.group_norm(x, 2)))
    y = block.conv2(F.silu(F.group_norm(y, 2)))
    torch.testing.assert_close(block(x) - block.shortcut(x), y, **TOLERANCE[torch.float32])


@pytest.mark.parametrize("width", [16, 64, 128])
def test_norm_in_bf16_is_that_of_torch(width: int) -> None:
    """Values, all gradients and the memory format are torch's, however narrow the groups are."""
    norm = GroupNorm(8, width)
    nn.init.normal_(norm.weight)
    x = features(width).bfloat16().contiguous(memory_format=torch.channels_last).requires_grad_()
    y, plain = norm(x), F.group_norm(x.float(), 8, norm.weight, norm.bias)
    assert y.is_contiguous(memory_format=torch.channels_last)
    inputs, weights = (x, norm.weight, norm.bias), features(width)
    found = (y, *torch.autograd.grad((y * weights).sum(), inputs))
    expected = (plain, *torch.autograd.grad((plain * weights).sum(), inputs))
    for ours, theirs in zip(found, expected, strict=True):
        scale = float(theirs.detach().abs().max())
        torch.testing.assert_close(
            ours.float() / scale, theirs.float() / scale, **TOLERANCE[torch.bfloat16]
        )


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 8), (15, 16)])
def test_downsample_rounds_up(size: tuple[int, int]) -> None:
    """Half the rows and columns, and never none."""
    halves = Downsample(4, 6)(features(4, *size))
    assert halves.shape == (2, 6, -(-size[0] // 2), -(-size[1] // 2))


@pytest.mark.parametrize("size", [(1, 1), (5, 9), (11, 13), (12, 14)])
def test_upsample_takes_the_size_of_the_skip(size: tuple[int, int]) -> None:
    """The joined features have the size and width of the skip connection, odd sizes too."""
    assert Upsample(12, 4, 1)(features(12), features(4, *size)).shape == (2, 4, *size)


def test_upsample_uses_both() -> None:
    """Coarse features and skip connection both reach the result."""
    x, skip = features(12).requires_grad_(), features(4, 12, 14).requires_grad_()
    Upsample(12, 4, 1)(x, skip).square().sum().backward()
    for gradient in (x.grad, skip.grad):
        assert gradient is not None
        assert gradient.any()
