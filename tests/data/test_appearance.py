"""Frames and blur: as many as asked for, as wide as asked for, and the rest untouched."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from depth_unet.config.augment import AugmentConfig
from depth_unet.data.appearance import add_white_frame, blur
from depth_unet.data.augment import draw_numbers
from depth_unet.data.order import hash_key


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0])
def test_white_frames(probability: float) -> None:
    """As many images as asked for have a white frame, 1 pixel to 2 % of the width, all around."""
    image = torch.full((400, 3, 96, 128), 0.5)
    draws = torch.stack([draw_numbers(hash_key(3, key)) for key in range(400)])
    result = add_white_frame(image, draws, AugmentConfig(frame=probability))
    white = result == 1
    has_frame = white[:, 0, 0, 0]
    assert has_frame.float().mean() == pytest.approx(probability, abs=0.08)
    assert torch.equal(result[~has_frame], image[~has_frame])
    widths = white[has_frame, 0, 48].sum(dim=1) / 2
    assert torch.equal(widths, white[has_frame, 0, :, 64].sum(dim=1) / 2)
    assert set(widths.tolist()) <= {1, 2, 3}
    assert not white[:, :, 3:-3, 3:-3].any()


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_blur_is_that_of_scipy(probability: float) -> None:
    """As many images as asked for are blurred, as SciPy's Gaussian of the same width does it."""
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(60, 3, 48, 160, generator=generator)
    draws = torch.stack([draw_numbers(hash_key(4, key)) for key in range(60)])
    result = blur(image, draws, AugmentConfig(blur=probability))
    shares = draws[:, 10] / probability if probability else torch.full((60,), 2.0)
    changed = (result != image).flatten(1).any(dim=1)
    assert torch.equal(changed, shares < 1)
    for number in changed.nonzero()[:, 0][:8].tolist():
        width_px = 0.3 + float(shares[number]) * 1.3
        reach = int(np.ceil(3 * width_px))
        expected = gaussian_filter(
            image[number].numpy(), (0, width_px, width_px), mode="mirror", radius=(0, reach, reach)
        )
        np.testing.assert_allclose(result[number].numpy(), expected, atol=1e-5)


def test_blur_of_tiny_images() -> None:
    """The kernel is never wider than the image can mirror."""
    image = torch.rand(1, 3, 2, 400)
    draws = torch.full((1, 11), 0.99)
    assert blur(image, draws, AugmentConfig(blur=1.0)).isfinite().all()
