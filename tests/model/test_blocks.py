"""The convolutional blocks."""

import pytest
import torch

from depth_unet.model.blocks import Downsample, ResidualBlock, Upsample


def features(channels: int, height: int = 6, width: int = 7) -> torch.Tensor:
    """Any feature map."""
    generator = torch.Generator().manual_seed(channels)
    return torch.randn(2, channels, height, width, generator=generator)


def test_residual_block_starts_as_its_shortcut() -> None:
    """An untrained block passes its input on: depth costs nothing at first."""
    same = ResidualBlock(8, 8, 1)
    assert torch.equal(same(features(8)), features(8))
    wider = ResidualBlock(8, 12, 1)
    assert torch.equal(wider(features(8)), wider.shortcut(features(8)))


def test_residual_block_learns() -> None:
    """The last kernel, zero at first, has a gradient that is not."""
    block = ResidualBlock(8, 8, 2)
    block(features(8)).square().sum().backward()
    assert block.conv2.weight.grad is not None
    assert block.conv2.weight.grad.any()


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
