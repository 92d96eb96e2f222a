"""The depth U-Net: a convolutional encoder with attention, a decoder with skip connections."""

import itertools
from typing import Self, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from depth_unet.config.model import CLASS_STRIDE, ModelConfig
from depth_unet.model.attention import AttentionBlock
from depth_unet.model.blocks import ResidualBlock, Upsample
from depth_unet.model.depth_map import to_metres
from depth_unet.model.encoders import make_encoder, run_part
from depth_unet.model.rays import canonical_camera, relative_camera
from depth_unet.records import DepthOutput

USUAL_LOG_SPREAD = -2.0  # of random weights: 14 % of the depth


class UNet(nn.Module):
    """Depth for a canonical focal length from one RGB image.

    The prediction holds for a camera of ``config.canonical_focal``; ``predict.canvas`` scales
    it to the camera at hand. With ``config.camera_rays`` the network knows where each pixel looks,
    so it can distinguish part of a room from a whole one. Images of a batch are independent.

    Args:
        config: Encoder, widths, depths, attention and the range of depth; weights are random, also
            those of an encoder that has pretrained ones (see ``imagenet``).

    Attributes:
        checkpointing: Whether the backward pass recomputes the activations inside each stage
            instead of keeping them: a third more time, and a fraction of the memory.

    Example:
        >>> model = UNet(ModelConfig())
        >>> model(torch.rand(1, 3, 96, 128)).canonical_depth_m.shape
        torch.Size([1, 1, 96, 128])

    Reference:
        Ronneberger et al., U-Net, MICCAI 2015, with residual blocks, and attention at 1/8 and 1/16.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.checkpointing = False
        widths, groups = config.widths, config.norm_groups
        self.encoder = make_encoder(config)
        pairs = list(itertools.pairwise(widths))
        self.ups = nn.ModuleList(Upsample(coarse, fine, groups) for fine, coarse in reversed(pairs))
        self.head_factor = config.stem_stride if config.subpixel else 1
        self.head = nn.Conv2d(widths[0], self.head_factor**2, 3, padding=1)
        self._initialise()
        nn.init.normal_(self.head.weight, std=0.01)
        self.spread_head: nn.Conv2d | None = None
        if config.spread:  # after the rest, which must begin with the same weights without it
            self.spread_head = nn.Conv2d(widths[0], 1, 3, padding=1)
            nn.init.normal_(self.spread_head.weight, std=0.01)
            nn.init.constant_(cast(Tensor, self.spread_head.bias), USUAL_LOG_SPREAD)
        self.semantic_level = (CLASS_STRIDE // config.stem_stride).bit_length() - 1
        self.semantic_head: nn.Conv2d | None = None
        if config.num_classes:
            width = widths[self.semantic_level]
            self.semantic_head = nn.Conv2d(width, config.num_classes, 3, padding=1)
            nn.init.zeros_(self.semantic_head.weight)  # all classes alike: features may be large
            nn.init.zeros_(cast(Tensor, self.semantic_head.bias))

    def forward(
        self,
        image: Float[Tensor, "b 3 h w"],
        intrinsics_px: Float[Tensor, "b 4"] | None = None,
        *,
        output_stride: int = 1,
    ) -> DepthOutput:
        """Predict depth for the canonical focal length.

        Args:
            image: RGB in [0, 1], any size.
            intrinsics_px: fx, fy, cx, cy in pixels of the image; None: the canonical camera.
                It tells the network where each pixel looks; depth is not scaled by it.
            output_stride: The depth map has 1/output_stride of the image's rows and columns.

        Returns:
            Canonical depth, fp32, within [min_depth_m, max_depth_m], at the image's size divided by
            ``output_stride`` (rounded up); with ``config.spread`` also the log of the scale of
            log-depth's Laplace distribution; with ``config.num_classes``, and where gradients are
            enabled, also class logits.
        """
        config = self.config
        features = self.features(image, intrinsics_px)
        size = [-(-side // output_stride) for side in image.shape[-2:]]
        with torch.autocast(image.device.type, enabled=False):
            semantics = self._classes(features) if torch.is_grad_enabled() else None
            x = F.silu(features[-1].to(self.head.weight.dtype))
            fine = F.pixel_shuffle(self.head(x), self.head_factor)
            raw = F.interpolate(fine, size=size, mode="bilinear")
            depth_m = to_metres(raw, config.depth_map, config.min_depth_m, config.max_depth_m)
            if self.spread_head is None:
                return DepthOutput(depth_m, None, semantics)
            spread = self.spread_head(x.detach())
            log_spread = F.interpolate(spread, size=size, mode="bilinear")
        return DepthOutput(depth_m, log_spread, semantics)

    def features(
        self, image: Float[Tensor, "b 3 h w"], intrinsics_px: Float[Tensor, "b 4"] | None = None
    ) -> list[Tensor]:
        """The decoder's features, from its coarsest level to the finest.

        The last has ``config.widths[0]`` channels, the one before ``widths[1]`` ...

        Args:
            image: RGB in [0, 1], any size.
            intrinsics_px: fx, fy, cx, cy in pixels of the image; None: the canonical camera.
        """
        height, width = image.shape[-2:]
        config = self.config
        if intrinsics_px is None or not config.camera_rays:
            intrinsics_px = canonical_camera(height, width, config.canonical_focal, image)
        camera = relative_camera(intrinsics_px, height, width)
        keep = not self.checkpointing
        *skips, x = self.encoder(image, camera, keep=keep)
        features = list[Tensor]()
        for up in self.ups:
            x = run_part(up, x, skips.pop(), keep=keep)
            features.append(x)
        return features

    def layers(self) -> list[tuple[str, ...]]:
        """Names of the parts that hold parameters, level by level from the image on.

        The decoder, the heads and the laterals of a pretrained encoder are the last level. A
        part's parameters begin with its name.
        """
        *levels, new = (
            tuple(f"encoder.{part}" for part in level) for level in self.encoder.layers()
        )
        heads = (name for name, _ in self.named_children() if name.endswith("head"))
        return [*levels, (*new, *(f"ups.{i}" for i in range(len(self.ups))), *heads)]

    def in_format(self, *, channels_last: bool) -> Self:
        """Store kernels with their channels last (up to three times as fast on CPUs), or first."""
        memory_format = torch.channels_last if channels_last else torch.contiguous_format
        return self.to(memory_format=memory_format)  # type: ignore[call-overload,no-any-return]

    def _classes(self, features: list[Tensor]) -> Tensor | None:
        """Class logits (b c h8 w8), which only the loss needs."""
        if self.semantic_head is None:
            return None
        x = features[-1 - self.semantic_level].to(self.semantic_head.weight.dtype)
        return cast(Tensor, self.semantic_head(x))

    def _initialise(self) -> None:
        """Keep the variance of the signal through every layer that is not zero at first.

        PyTorch's default shrinks it threefold per layer, so that the coarse levels are drowned by
        the fine ones.
        """
        blocks = [m for m in self.modules() if isinstance(m, ResidualBlock | AttentionBlock)]
        zero = {layer for block in blocks for layer in block.branch_ends()}
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module not in zero:
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
