"""Self-attention over feature maps, with positions that hold at any size."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from depth_unet.config.model import ModelConfig
from depth_unet.model.rays import NUM_FREQUENCIES, fourier_features, ray_positions


class AttentionBlock(nn.Module):
    """Self-attention over all positions, then a two-layer perceptron, each added to its input.

    ``F.scaled_dot_product_attention`` has no mask here, so its flash kernels apply and the n x n
    scores are never in memory. Those kernels need the head width contiguous. On CPUs they run in
    fp32 at least: in bf16 their backward pass takes seven times as long for 48 tokens and twice for
    192 (AMD EPYC with AVX512-BF16).

    Args:
        width: Channels.
        head_width: Channels of one head; a divisor of ``width``.
        norm_groups: Groups of every normalisation.

    Reference:
        Vaswani et al., Attention Is All You Need, NeurIPS 2017; Dao et al., FlashAttention,
        NeurIPS 2022.
    """

    def __init__(self, width: int, head_width: int, norm_groups: int) -> None:
        super().__init__()
        self.head_width = head_width
        self.position = nn.Conv2d(4 * NUM_FREQUENCIES, width, 1, bias=False)
        self.norm1 = nn.GroupNorm(norm_groups, width)
        self.qkv = nn.Conv2d(width, 3 * width, 1)
        self.out = nn.Conv2d(width, width, 1)
        self.norm2 = nn.GroupNorm(norm_groups, width)
        self.expand = nn.Conv2d(width, 4 * width, 1)
        self.contract = nn.Conv2d(4 * width, width, 1)
        for layer in self.branch_ends():
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    def forward(
        self, x: Float[Tensor, "b c h w"], places: Float[Tensor, "b k h w"]
    ) -> Float[Tensor, "b c h w"]:
        """Features of the same shape; ``places`` are from ``rays.fourier_features``."""
        x = x + self._attend(self.norm1(x), places)
        y: Tensor = self.contract(F.gelu(self.expand(self.norm2(x)), approximate="tanh"))
        return x + y

    def branch_ends(self) -> tuple[nn.Conv2d, ...]:
        """The last layer of each branch, zero at first: the block starts as identity."""
        return self.out, self.contract

    def _attend(self, x: Tensor, places: Tensor) -> Tensor:
        b, c, h, w = x.shape
        x = x + self.position(places.to(x.dtype))
        qkv = self.qkv(x)
        if x.device.type == "cpu":
            qkv = qkv.to(torch.promote_types(qkv.dtype, torch.float32))
        q, k, v = (
            part.flatten(2).unflatten(1, (-1, self.head_width)).transpose(2, 3).contiguous()
            for part in qkv.chunk(3, dim=1)
        )
        with torch.autocast("cpu", enabled=False):
            y = F.scaled_dot_product_attention(q, k, v)
        z: Tensor = self.out(y.transpose(2, 3).reshape(b, c, h, w).to(x.dtype))
        return z


class AttentionStack(nn.ModuleList):
    """The attention blocks of one level (0 is the finest)."""

    def __init__(self, config: ModelConfig, level: int) -> None:
        super().__init__(
            AttentionBlock(config.widths[level], config.head_width, config.norm_groups)
            for _ in range(config.attention_blocks[level])
        )
        self.canonical_focal = config.canonical_focal

    def forward(
        self, x: Float[Tensor, "b c h w"], camera: Float[Tensor, "b 4"]
    ) -> Float[Tensor, "b c h w"]:
        """Features of the same shape; see ``rays.relative_camera`` for the camera."""
        if not len(self):
            return x
        places = fourier_features(ray_positions(camera, self.canonical_focal, *x.shape[-2:]))
        for block in self:
            x = block(x, places)
        return x
