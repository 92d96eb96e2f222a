"""Encoders, our own and a pretrained one: features at every level for the decoder."""

import itertools
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from depth_unet.config.model import ModelConfig
from depth_unet.model.attention import AttentionStack
from depth_unet.model.blocks import Downsample, ResidualBlock
from depth_unet.model.efficientnet import EfficientNetLite
from depth_unet.model.rays import ray_positions

RGB_MEAN, RGB_STD = 0.45, 0.27  # of NYU's training images, over all channels
IMAGENET_MEAN, IMAGENET_STD = 0.5, 0.5  # as EfficientNet-Lite was trained: -1 to 1


def run_part(part: nn.Module, *inputs: Tensor, keep: bool) -> Tensor:
    """Run a part of the network; unless ``keep``, the backward pass recomputes its activations."""
    if keep or not torch.is_grad_enabled():
        y: Tensor = part(*inputs)
        return y
    z: Tensor = checkpoint(part, *inputs, use_reentrant=False, preserve_rng_state=False)
    return z


class Stage(nn.Module):
    """One level of our encoder (0 is the finest): residual blocks, then attention."""

    def __init__(self, config: ModelConfig, level: int) -> None:
        super().__init__()
        width, groups = config.widths[level], config.norm_groups
        self.convolutions = nn.Sequential(
            *(ResidualBlock(width, width, groups) for _ in range(config.blocks[level]))
        )
        self.attention = AttentionStack(config, level)

    def forward(
        self, x: Float[Tensor, "b c h w"], camera: Float[Tensor, "b 4"]
    ) -> Float[Tensor, "b c h w"]:
        """Features of the same shape; see ``rays.relative_camera`` for the camera."""
        y: Tensor = self.attention(self.convolutions(x), camera)
        return y


class ResidualEncoder(nn.Module):
    """Our own encoder: a stem, and per level residual blocks and attention, from random weights."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        widths, stride = config.widths, config.stem_stride
        self.canonical_focal = config.canonical_focal if config.camera_rays else None
        in_width = 3 + 2 * config.camera_rays
        self.stem = nn.Conv2d(in_width, widths[0], 2 * stride + 1, stride, stride)
        self.stages = nn.ModuleList(Stage(config, level) for level in range(len(widths)))
        self.downs = nn.ModuleList(Downsample(*pair) for pair in itertools.pairwise(widths))

    def forward(
        self, image: Float[Tensor, "b 3 h w"], camera: Float[Tensor, "b 4"], *, keep: bool = True
    ) -> list[Tensor]:
        """Features from the finest level to the coarsest, ``config.widths`` channels each.

        Args:
            image: RGB in [0, 1].
            camera: See ``rays.relative_camera``.
            keep: Whether to keep activations for the backward pass.
        """
        x = (image - RGB_MEAN) / RGB_STD
        if self.canonical_focal is not None:
            rays = ray_positions(camera, self.canonical_focal, *image.shape[-2:])
            x = torch.cat((x, rays.to(x.dtype)), dim=1)
        x = self.stem(x)
        features: list[Tensor] = []
        for level, stage in enumerate(self.stages):
            if level:
                x = self.downs[level - 1](x)
            x = run_part(stage, x, camera, keep=keep)
            features.append(x)
        return features

    def layers(self) -> list[tuple[str, ...]]:
        """Names of its parts, level by level from the image on; then those new to the encoder."""
        coarser = [(f"downs.{i}", f"stages.{i + 1}") for i in range(len(self.downs))]
        return [("stem", "stages.0"), *coarser, ()]


class Lateral(nn.Module):
    """Projects a pretrained encoder's features to the U-Net's width; then attention."""

    def __init__(self, in_width: int, config: ModelConfig, level: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(in_width, config.widths[level], 1)
        self.attention = AttentionStack(config, level)

    def forward(
        self, x: Float[Tensor, "b c h w"], camera: Float[Tensor, "b 4"]
    ) -> Float[Tensor, "b d h w"]:
        """Features of the same size; see ``rays.relative_camera`` for the camera."""
        y: Tensor = self.attention(self.project(x), camera)
        return y


class TransferEncoder(nn.Module):
    """An EfficientNet-Lite, with one ``Lateral`` at every level."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        assert config.encoder != "residual"
        self.trunk = EfficientNetLite(config.encoder, len(config.widths))
        self.laterals = nn.ModuleList(
            Lateral(width, config, level) for level, width in enumerate(self.trunk.widths)
        )

    def forward(
        self, image: Float[Tensor, "b 3 h w"], camera: Float[Tensor, "b 4"], *, keep: bool = True
    ) -> list[Tensor]:
        """See ``ResidualEncoder.forward``."""
        x = self.trunk.stem((image - IMAGENET_MEAN) / IMAGENET_STD)
        features: list[Tensor] = []
        for stage, lateral in zip(self.trunk.stages, self.laterals, strict=True):
            for block in cast(nn.Sequential, stage):
                x = run_part(block, x, keep=keep)
            features.append(run_part(lateral, x, camera, keep=keep))
        return features

    def layers(self) -> list[tuple[str, ...]]:
        """See ``ResidualEncoder.layers``."""
        coarser = [(f"trunk.stages.{level}",) for level in range(1, len(self.laterals))]
        laterals = tuple(f"laterals.{level}" for level in range(len(self.laterals)))
        return [("trunk.stem", "trunk.stages.0"), *coarser, laterals]


def make_encoder(config: ModelConfig) -> ResidualEncoder | TransferEncoder:
    """The encoder that ``config.encoder`` names, with random weights."""
    return ResidualEncoder(config) if config.encoder == "residual" else TransferEncoder(config)
