"""What is hidden of a photo: by its key alone, in whole patches, as much as was asked for."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from depth_unet.config.hidden import HiddenConfig
from depth_unet.data.hidden import hidden_patches
from depth_unet.data.loader import RawBatch

HEIGHT, WIDTH = 48, 64
KEYS = (7, 2**62 + 3, 8, 9)


def frames(*keys: int) -> RawBatch:
    """Frames with these keys; the photos are different every time."""
    return RawBatch(
        image=torch.randint(256, (len(keys), 3, 5, 6), dtype=torch.uint8),
        depth_m=torch.rand(len(keys), 1, 5, 6),
        intrinsics_px=torch.rand(len(keys), 4),
        keys=torch.tensor(keys),
    )


def hidden(raw: RawBatch, share: float = 0.6, patch_px: int = 16) -> Tensor:
    """The mask on the canvas."""
    config = HiddenConfig(share=share, patch_px=patch_px)
    return hidden_patches(raw, config, height=HEIGHT, width=WIDTH)


def test_key_alone_decides() -> None:
    """A frame has the same mask alone, among others, in any order, and beside other photos."""
    whole = hidden(frames(*KEYS))
    for number, key in enumerate(KEYS):
        assert torch.equal(hidden(frames(key))[0], whole[number])
    assert torch.equal(hidden(frames(*KEYS[::-1])), whole.flip(0))
    assert torch.equal(hidden(frames(*KEYS).slice(1, 3)), whole[1:3])
    assert len({tuple(mask.flatten().tolist()) for mask in whole}) == len(KEYS)


def test_nothing_else_is_drawn_from() -> None:
    """The global generator is left alone."""
    state = torch.get_rng_state()
    raw = RawBatch(
        image=torch.zeros(1, 3, 5, 6, dtype=torch.uint8),
        depth_m=torch.zeros(1, 1, 5, 6),
        intrinsics_px=torch.ones(1, 4),
        keys=torch.tensor([1]),
    )
    hidden(raw)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("patch_px", [4, 8, 16])
@pytest.mark.parametrize("share", [0.25, 0.6, 0.9])
def test_share_and_patches(share: float, patch_px: int) -> None:
    """Every photo has the share asked for, to the nearest patch, and patches are whole."""
    masks = hidden(frames(*KEYS), share, patch_px)
    assert masks.shape == (len(KEYS), 1, HEIGHT, WIDTH)
    patches = masks.unfold(2, patch_px, patch_px).unfold(3, patch_px, patch_px).flatten(4)
    assert torch.equal(patches.any(dim=-1), patches.all(dim=-1))
    num = HEIGHT * WIDTH // patch_px**2
    assert patches.all(dim=-1).flatten(1).sum(dim=1).tolist() == [round(share * num)] * len(KEYS)


def test_every_patch_is_hidden_as_often() -> None:
    """Over many keys each patch is hidden in the share of the photos that was asked for."""
    masks = hidden(frames(*range(1000)))
    shares = masks.float().mean(dim=0)
    assert 0.53 < shares.min() <= shares.max() < 0.67


def test_nothing_of_an_idle_frame_counts() -> None:
    """A frame that stands in for none hides nothing, in parts as well."""
    raw = replace(frames(1, 2), idle=True)
    assert not hidden(raw).any()
    assert not hidden(raw.slice(1, 2)).any()
