"""The depth U-Net: a convolutional encoder with attention, a decoder with skip connections."""

import itertools
from typing import Self

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from depth_unet.config.model import ModelConfig
from depth_unet.model.attention import AttentionBlock
from depth_unet.model.blocks import Downsample, ResidualBlock, Upsample
from depth_unet.model.depth_map import to_metres
from depth_unet.model.rays import (
    canonical_camera,
    fourier_features,
    per_image_size,
    ray_positions,
)
from depth_unet.records import DepthOutput

RGB_MEAN, RGB_STD = 0.45, 0.27  # of NYU's training images, all channels alike


class Stage(nn.Module):
    """What happens at one level of the encoder: residual blocks, then attention.

    Args:
        config: The network's settings.
        level: 0 is the finest.
    """

    def __init__(self, config: ModelConfig, level: int) -> None:
        super().__init__()
        width, groups = config.widths[level], config.norm_groups
        self.canonical_focal = config.canonical_focal
        self.convolutions = nn.Sequential(
            *(ResidualBlock(width, width, groups) for _ in range(config.blocks[level]))
        )
        self.attention = nn.ModuleList(
            AttentionBlock(width, config.head_width, groups)
            for _ in range(config.attention_blocks[level])
        )

    def forward(
        self, x: Float[Tensor, "b c h w"], camera: Float[Tensor, "b 4"]
    ) -> Float[Tensor, "b c h w"]:
        """Features of the same shape.

        Args:
            x: Features.
            camera: fx, fy, cx, cy in shares of the image.
        """
        y: Tensor = self.convolutions(x)
        if self.attention:
            places = fourier_features(ray_positions(camera, self.canonical_focal, *x.shape[-2:]))
            for block in self.attention:
                y = block(y, places)
        return y


class DepthUNet(nn.Module):
    """Depth for a canonical focal length from one RGB image, trained from random weights.

    The prediction holds for a camera of ``config.canonical_focal``; ``depth_unet.canvas`` scales
    it to the camera at hand. The network is told where each pixel looks, so that it knows a part
    of a room from a whole one. Nothing in it depends on other images of the batch.

    Args:
        config: Widths, depths, attention and the range of depth.

    Attributes:
        checkpointing: Whether the backward pass computes the activations inside each stage anew
            instead of keeping them: a third more time, and a fraction of the memory.

    Reference:
        Ronneberger et al., U-Net, MICCAI 2015, with residual blocks, and attention at 1/8 and 1/16.

    Example:
        >>> model = DepthUNet(ModelConfig())
        >>> model(torch.rand(1, 3, 96, 128)).depth_m.shape
        torch.Size([1, 1, 96, 128])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.checkpointing = False
        widths, groups = config.widths, config.norm_groups
        self.stem = nn.Conv2d(
            3 + 2 * config.camera_rays,
            widths[0],
            2 * config.stem_stride + 1,
            config.stem_stride,
            config.stem_stride,
        )
        self.stages = nn.ModuleList(Stage(config, level) for level in range(len(widths)))
        pairs = list(itertools.pairwise(widths))
        self.downs = nn.ModuleList(Downsample(fine, coarse) for fine, coarse in pairs)
        self.ups = nn.ModuleList(Upsample(coarse, fine, groups) for fine, coarse in reversed(pairs))
        self.head = nn.Conv2d(widths[0], 1, 3, padding=1)
        self._initialise()

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
                Only where each pixel looks is taken from it: depth is not scaled here.
            output_stride: The depth map has 1/output_stride of the image's rows and columns.

        Returns:
            Depth in metres, fp32, within [min_depth_m, max_depth_m], at the image's size divided
            by ``output_stride`` (rounded up).
        """
        height, width = image.shape[-2:]
        config = self.config
        if intrinsics_px is None or not config.camera_rays:
            intrinsics_px = canonical_camera(height, width, config.canonical_focal, image)
        camera = per_image_size(intrinsics_px, height, width)
        x = (image - RGB_MEAN) / RGB_STD
        if config.camera_rays:
            rays = ray_positions(camera, config.canonical_focal, height, width)
            x = torch.cat((x, rays.to(x.dtype)), dim=1)
        x = self.stem(x)
        skips: list[Tensor] = []
        for level, stage in enumerate(self.stages):
            if level:
                skips.append(x)
                x = self.downs[level - 1](x)
            x = self._kept_or_not(stage, x, camera)
        for up in self.ups:
            x = self._kept_or_not(up, x, skips.pop())
        size = [-(-side // output_stride) for side in (height, width)]
        with torch.autocast(image.device.type, enabled=False):
            raw = self.head(F.silu(x.to(self.head.weight.dtype)))
            raw = F.interpolate(raw, size=size, mode="bilinear")
            depth_m = to_metres(raw, config.depth_map, config.min_depth_m, config.max_depth_m)
        return DepthOutput(depth_m)

    def layers(self) -> list[tuple[str, ...]]:
        """Names of the parts that hold parameters, level by level from the image on.

        The decoder and its head are the last level. A part's parameters begin with its name.
        """
        coarser = [(f"downs.{i}", f"stages.{i + 1}") for i in range(len(self.downs))]
        decoder = (*(f"ups.{i}" for i in range(len(self.ups))), "head")
        return [("stem", "stages.0"), *coarser, decoder]

    def in_format(self, *, channels_last: bool) -> Self:
        """Store kernels with their channels last: up to three times as fast on CPUs; or first."""
        memory_format = torch.channels_last if channels_last else torch.contiguous_format
        return self.to(memory_format=memory_format)  # type: ignore[call-overload,no-any-return]

    def _kept_or_not(self, part: nn.Module, *inputs: Tensor) -> Tensor:
        """What a part returns; its activations are kept for the backward pass, or not."""
        if not (self.checkpointing and torch.is_grad_enabled()):
            y: Tensor = part(*inputs)
            return y
        z: Tensor = checkpoint(part, *inputs, use_reentrant=False, preserve_rng_state=False)
        return z

    def _initialise(self) -> None:
        """Keep the variance of the signal through every layer that is not zero at first.

        PyTorch's default shrinks it threefold per layer, and what comes from the coarse levels is
        lost beside the fine ones.
        """
        blocks = [m for m in self.modules() if isinstance(m, ResidualBlock | AttentionBlock)]
        zero = {layer for block in blocks for layer in block.branch_ends()}
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module not in zero:
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.head.weight, std=0.01)
