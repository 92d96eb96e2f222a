"""The subpixel head: a depth of its own for every pixel of the image."""

import pytest
import torch

from depth_unet.config.model import ModelConfig
from depth_unet.model.unet import UNet


def network(stem_stride: int, *, subpixel: bool) -> UNet:
    """A small network, whose finest features have 1/stem_stride of the image's rows."""
    torch.manual_seed(0)
    return UNet(
        ModelConfig(
            stem_stride=stem_stride,
            widths=(8, 16),
            blocks=(1, 1),
            attention_blocks=(0, 0),
            subpixel=subpixel,
        )
    )


@pytest.mark.parametrize("stem_stride", [1, 2, 4])
def test_checkerboard(stem_stride: int) -> None:
    """Depth can alternate from pixel to pixel, which enlarging a coarser map cannot do."""
    model = network(stem_stride, subpixel=True)
    image = torch.rand(1, 3, 16, 32)
    with torch.no_grad():
        model.head.weight.zero_()
        bias = model.head.bias
        assert bias is not None
        row, column = torch.meshgrid(
            torch.arange(stem_stride), torch.arange(stem_stride), indexing="ij"
        )
        bias.copy_(((row + column) % 2 * 2 - 1).flatten())
        depth_m = model(image).canonical_depth_m[0, 0]
    assert depth_m.shape == (16, 32)
    if stem_stride == 1:
        assert depth_m.unique().numel() == 1
    else:
        rows, columns = torch.meshgrid(torch.arange(16), torch.arange(32), indexing="ij")
        far = (rows + columns) % 2 == 1
        assert depth_m[far].unique().numel() == depth_m[~far].unique().numel() == 1
        assert depth_m[far].min() > depth_m[~far].max() + 1


def test_same_network_without_it() -> None:
    """With a stem of stride 1 there is nothing to divide: the networks are the same."""
    image = torch.rand(1, 3, 16, 32)
    one, other = network(1, subpixel=True), network(1, subpixel=False)
    assert torch.equal(one(image).canonical_depth_m, other(image).canonical_depth_m)


def test_odd_sizes_and_strides() -> None:
    """The map has the size that is asked for, also where the image is no multiple of the stride."""
    model = network(2, subpixel=True)
    assert model(torch.rand(1, 3, 33, 47)).canonical_depth_m.shape == (1, 1, 33, 47)
    assert model(torch.rand(1, 3, 32, 48), output_stride=2).canonical_depth_m.shape[-2:] == (16, 24)
