"""EfficientNet-Lite without its classifier: five levels of features, every layer named."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from depth_unet.config.model import PretrainedEncoder

WIDTH_STEP = 8  # widths are multiples of it


class Group(NamedTuple):
    """Blocks of one kind: the first has the stride, and all have the kernel and expansion."""

    kernel: int
    stride: int
    expansion: int
    width: int
    repeats: int


@dataclass(frozen=True, slots=True)
class Scaling:
    """How a variant differs from the smallest one."""

    width: float
    depth: float


STEM_WIDTH = 32
LEVELS: tuple[tuple[Group, ...], ...] = (
    (Group(3, 1, 1, 16, 1),),
    (Group(3, 2, 6, 24, 2),),
    (Group(5, 2, 6, 40, 2),),
    (Group(3, 2, 6, 80, 3), Group(5, 1, 6, 112, 3)),
    (Group(5, 2, 6, 192, 4), Group(3, 1, 6, 320, 1)),
)
SCALINGS: dict[PretrainedEncoder, Scaling] = {
    "efficientnet_lite0": Scaling(1.0, 1.0),
    "efficientnet_lite1": Scaling(1.0, 1.1),
    "efficientnet_lite2": Scaling(1.1, 1.2),
}


class ScaledConv(nn.Module):
    """A convolution and the normalisation after it, whose statistics are those of ImageNet.

    With the statistics fixed, batch norm is ``y * scale + bias``, and the scale of an output
    channel can as well be that of its kernel: no pass over the features, and no image depends on
    the others of its batch. ``scale`` is kept as it is; ``weight`` and ``bias`` are trained.

    Args:
        in_width: Channels of the input.
        out_width: Channels of the output.
        kernel: Rows and columns of the kernel.
        stride: Rows and columns from one output to the next.
        groups: Groups of channels that do not see each other.
        activation: Whether values are cut to [0, 6] at the end.
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
            columns, rows = (_around(size, kernel, stride) for size in (x.shape[-1], x.shape[-2]))
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
    """Widen, filter every channel on its own, and narrow; added to the input where shapes agree.

    Args:
        in_width: Channels of the input.
        group: Kernel, expansion and width of the output.
        stride: Of the filter.

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
        variant: Which of its sizes.
        num_levels: How many levels it has; those beyond are left out.

    Attributes:
        variant: Which of its sizes.
        widths: Channels of every level, from 1/2 to 1/32 of the image.

    Reference:
        Tan and Le, EfficientNet, ICML 2019; the Lite variants (no squeeze-and-excitation, ReLU6,
        fixed stem) are those of https://github.com/tensorflow/tpu, models/official/efficientnet.
    """

    def __init__(self, variant: PretrainedEncoder, num_levels: int = len(LEVELS)) -> None:
        super().__init__()
        scaling = SCALINGS[variant]
        self.stem = ScaledConv(3, STEM_WIDTH, 3, stride=2)
        self.stages = nn.ModuleList()
        width, widths = STEM_WIDTH, list[int]()
        for groups in LEVELS[:num_levels]:
            blocks = list[nn.Module]()
            for group in (_scaled(group, scaling) for group in groups):
                for number in range(group.repeats):
                    stride = 1 if number else group.stride
                    blocks.append(InvertedResidual(width, group, stride))
                    width = group.width
            self.stages.append(nn.Sequential(*blocks))
            widths.append(width)
        self.variant: PretrainedEncoder = variant
        self.widths = tuple(widths)


def _scaled(group: Group, scaling: Scaling) -> Group:
    """A group of a larger variant; the first and the last keep their number of blocks."""
    wide = group.width * scaling.width
    width = max(WIDTH_STEP, int(wide + WIDTH_STEP / 2) // WIDTH_STEP * WIDTH_STEP)
    if width < 0.9 * wide:
        width += WIDTH_STEP
    ends = group in (LEVELS[0][0], LEVELS[-1][-1])
    repeats = group.repeats if ends else math.ceil(group.repeats * scaling.depth)
    return group._replace(width=width, repeats=repeats)


def _around(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after, as TensorFlow's ``SAME`` has them: one more after than before."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2
