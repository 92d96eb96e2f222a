"""Convolutional blocks with GroupNorm: batch statistics would make accumulation inexact."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

NARROW = 8  # channels in a group


class GroupNorm(nn.GroupNorm):
    """``nn.GroupNorm``, with the channels of narrow groups made contiguous for CPUs' bf16 kernels.

    For 16 images of 48x64 with 16 channels in 8 groups, channels last, those kernels take 13 ms
    forward and backward; contiguous, they take 2 ms with both copies. With 16 channels in a group
    the copies cost more than they save.
    """

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Normalised features of the same shape and memory format."""
        narrow = self.num_channels <= NARROW * self.num_groups
        last = torch.channels_last
        on_cpu = x.device.type == "cpu" and x.is_contiguous(memory_format=last)
        if not (narrow and on_cpu and x.dtype == torch.bfloat16):
            return super().forward(x)
        return super().forward(x.contiguous()).contiguous(memory_format=last)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with norm and activation before each, added to a shortcut.

    Args:
        in_width: Channels of the input.
        out_width: Channels of the output; the shortcut is a 1x1 convolution where they differ.
        norm_groups: Groups of every normalisation.

    Reference:
        He et al., Identity Mappings in Deep Residual Networks, ECCV 2016, figure 4e.
    """

    def __init__(self, in_width: int, out_width: int, norm_groups: int) -> None:
        super().__init__()
        self.norm1 = GroupNorm(norm_groups, in_width)
        self.conv1 = nn.Conv2d(in_width, out_width, 3, padding=1, bias=False)
        self.norm2 = GroupNorm(norm_groups, out_width)
        self.conv2 = nn.Conv2d(out_width, out_width, 3, padding=1)
        self.shortcut = (
            nn.Identity() if in_width == out_width else nn.Conv2d(in_width, out_width, 1)
        )
        for layer in self.branch_ends():
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """Features of the same size with ``out_width`` channels."""
        y = self.conv1(F.silu(self.norm1(x)))
        y = self.conv2(F.silu(self.norm2(y)))
        z: Tensor = y + self.shortcut(x)
        return z

    def branch_ends(self) -> tuple[nn.Conv2d, ...]:
        """The last layer of the branch, zero at first: the block starts as its shortcut."""
        return (self.conv2,)


class Downsample(nn.Module):
    """Halves rows and columns (rounded up) with a strided 3x3 convolution."""

    def __init__(self, in_width: int, out_width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_width, out_width, 3, stride=2, padding=1)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        """Features of half the size."""
        y: Tensor = self.conv(x)
        return y


class Upsample(nn.Module):
    """Resizes coarse features to a skip connection's width and size, and fuses the two."""

    def __init__(self, in_width: int, skip_width: int, norm_groups: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(in_width, skip_width, 1)
        self.fuse = ResidualBlock(2 * skip_width, skip_width, norm_groups)

    def forward(
        self, x: Float[Tensor, "b c h w"], skip: Float[Tensor, "b s h2 w2"]
    ) -> Float[Tensor, "b s h2 w2"]:
        """Features at the skip connection's size, whatever the ratio of the two."""
        x = F.interpolate(self.reduce(x), size=skip.shape[-2:], mode="bilinear")
        y: Tensor = self.fuse(torch.cat((x, skip), dim=1))
        return y
