"""EfficientNet-Lite without its classifier: five levels of features."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from depth_unet.config.model import PretrainedEncoder

WIDTH_STEP = 8  # widths are multiples of it


class Group(NamedTuple):
    """Blocks of one kind; the stride is the first one's."""

    kernel: int
    stride: int
    expansion: int
    width: int
    repeats: int


STEM_WIDTH = 32
LEVELS: tuple[tuple[Group, ...], ...] = (
    (Group(3, 1, 1, 16, 1),),
    (Group(3, 2, 6, 24, 2),),
    (Group(5, 2, 6, 40, 2),),
    (Group(3, 2, 6, 80, 3), Group(5, 1, 6, 112, 3)),
    (Group(5, 2, 6, 192, 4), Group(3, 1, 6, 320, 1)),
)
SCALES: dict[PretrainedEncoder, tuple[float, float]] = {
    "efficientnet_lite0": (1.0, 1.0),
    "efficientnet_lite1": (1.0, 1.1),
    "efficientnet_lite2": (1.1, 1.2),
}
"""Factors on the widths and on the number of blocks."""


class ScaledConv(nn.Module):
    """A convolution and its batch norm, with the statistics of ImageNet; then ReLU6.

    With fixed statistics, batch norm is ``y * scale + bias``. The scale multiplies the kernel
    instead of the features, which saves a pass over them, and no image depends on the others of
    its batch. ``scale`` stays fixed; ``weight`` and ``bias`` are trained.
    """

    def __init__(
        self,
        in_width: int,
        out_width: int,
        kernel: int,
        *,
        stride: int = 1,
        groups: int = 1,
        activation: bool = True,
    ) -> None:
        super().__init__()
        self.stride, self.groups, self.activation = stride, groups, activation
        # CPUs take three to six times as long for the gradient of these kernels in bf16.
        self.whole_precision = groups > 1 and (kernel > 3 or stride > 1)
        self.weight = nn.Parameter(torch.empty(out_width, in_width // groups, kernel, kernel))
        self.scale = nn.Parameter(torch.ones(out_width), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(out_width))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        """Features of ``1 / stride`` of the size, rounded up."""
        kernel, stride, dtype = self.weight.shape[-1], self.stride, x.dtype
        if stride > 1:
            columns, rows = (
                _same_padding(size, kernel, stride) for size in (x.shape[-1], x.shape[-2])
            )
            x = F.pad(x, (*columns, *rows))
        weight = self.weight * self.scale[:, None, None, None]
        padding = kernel // 2 if stride == 1 else 0
        if self.whole_precision and x.device.type == "cpu":
            with torch.autocast("cpu", enabled=False):
                x = x.to(weight.dtype)
                y = F.conv2d(x, weight, self.bias, stride, padding, groups=self.groups).to(dtype)
        else:
            y = F.conv2d(x, weight, self.bias, stride, padding, groups=self.groups)
        return F.relu6(y) if self.activation else y


class InvertedResidual(nn.Module):
    """Expand, filter every channel on its own, project; added to the input if shapes agree.

    Reference:
        Sandler et al., MobileNetV2, CVPR 2018, figure 4d.
    """

    def __init__(self, in_width: int, group: Group, stride: int) -> None:
        super().__init__()
        wide = in_width * group.expansion
        self.adds = stride == 1 and in_width == group.width
        self.expand = ScaledConv(in_width, wide, 1) if group.expansion > 1 else nn.Identity()
        self.filter = ScaledConv(wide, wide, group.kernel, stride=stride, groups=wide)
        self.project = ScaledConv(wide, group.width, 1, activation=False)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        """Features of ``1 / stride`` of the size, rounded up."""
        y: Tensor = self.project(self.filter(self.expand(x)))
        return x + y if self.adds else y


class EfficientNetLite(nn.Module):
    """The convolutions of EfficientNet-Lite up to the classifier, by levels of resolution.

    Args:
        variant: One of its sizes.
        num_levels: How many of its levels to build, from the finest.

    Attributes:
        widths: Channels of every level, from 1/2 to 1/32 of the image.

    Reference:
        Tan and Le, EfficientNet, ICML 2019; the Lite variants (no squeeze-and-excitation, ReLU6,
        fixed stem) are those of https://github.com/tensorflow/tpu, models/official/efficientnet.
    """

    def __init__(self, variant: PretrainedEncoder, num_levels: int = len(LEVELS)) -> None:
        super().__init__()
        scales = SCALES[variant]
        self.stem = ScaledConv(3, STEM_WIDTH, 3, stride=2)
        self.stages = nn.ModuleList()
        width, widths = STEM_WIDTH, list[int]()
        for groups in LEVELS[:num_levels]:
            blocks = list[nn.Module]()
            for group in (_scale_group(group, *scales) for group in groups):
                for number in range(group.repeats):
                    stride = 1 if number else group.stride
                    blocks.append(InvertedResidual(width, group, stride))
                    width = group.width
            self.stages.append(nn.Sequential(*blocks))
            widths.append(width)
        self.variant: PretrainedEncoder = variant
        self.widths = tuple(widths)


def _scale_group(group: Group, width_scale: float, depth_scale: float) -> Group:
    """A group of a larger variant; the first and the last keep their number of blocks."""
    wide = group.width * width_scale
    width = max(WIDTH_STEP, int(wide + WIDTH_STEP / 2) // WIDTH_STEP * WIDTH_STEP)
    if width < 0.9 * wide:
        width += WIDTH_STEP
    ends = group in (LEVELS[0][0], LEVELS[-1][-1])
    repeats = group.repeats if ends else math.ceil(group.repeats * depth_scale)
    return group._replace(width=width, repeats=repeats)


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after, as in TensorFlow's ``SAME``: one more after than before."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2
