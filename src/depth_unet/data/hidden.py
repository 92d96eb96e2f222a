"""Patches of photos that a network may not see, each frame's drawn from its own key."""

import torch
from jaxtyping import Bool
from torch import Tensor

from depth_unet.config.hidden import HiddenConfig
from depth_unet.data.loader import RawBatch
from depth_unet.data.order import mix

STREAM = 1  # a key's numbers for patches, apart from those that change the photo


def hidden_patches(
    raw: RawBatch, config: HiddenConfig, *, height: int, width: int
) -> Bool[Tensor, "b 1 {height} {width}"]:
    """Which pixels of the canvas are hidden: whole patches, as many in every photo.

    Args:
        raw: Frames; only their keys are looked at.
        config: Share and side of the patches.
        height: Rows of the canvas.
        width: Columns of the canvas.

    Returns:
        True where the photo is hidden, on the CPU; nowhere in a frame that is idle.

    Reference:
        Xie et al., SimMIM: A Simple Framework for Masked Image Modeling, CVPR 2022.
    """
    side = config.patch_px
    rows, columns = height // side, width // side
    hidden = torch.zeros(len(raw), rows * columns, dtype=torch.bool)
    if not raw.idle:
        most = max(1, round(config.share * rows * columns))
        for patches, key in zip(hidden, raw.keys.tolist(), strict=True):
            generator = torch.Generator().manual_seed(mix(key, STREAM))
            patches[torch.randperm(rows * columns, generator=generator)[:most]] = True
    grid = hidden.reshape(-1, 1, rows, columns)
    return grid.repeat_interleave(side, dim=2).repeat_interleave(side, dim=3)
