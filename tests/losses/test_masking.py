"""What every loss does first."""

import math

import pytest
import torch

from depth_unet.losses.masking import masked_error, num_images, upcast


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_upcast_widens_to_single(given: torch.dtype, expected: torch.dtype) -> None:
    """Nothing is computed below fp32, and float64 stays what it is."""
    assert upcast(torch.ones(2, dtype=given)).dtype == expected


def test_error_is_zero_where_the_target_is_not_valid() -> None:
    """Valid pixels hold prediction minus target, invalid ones exactly 0."""
    prediction = torch.tensor([3.0, math.nan, 5.0]).view(1, 1, 1, 3)
    target = torch.tensor([1.0, 2.0, math.inf]).view(1, 1, 1, 3)
    valid = torch.tensor([True, False, False]).view(1, 1, 1, 3)
    assert masked_error(prediction, target, valid).flatten().tolist() == [2.0, 0.0, 0.0]


def test_images_count_if_one_pixel_is_valid() -> None:
    """An image with a single valid pixel counts as one, an empty one not at all."""
    valid = torch.zeros(3, 1, 2, 2, dtype=torch.bool)
    valid[0] = True
    valid[2, 0, 1, 1] = True
    assert num_images(valid) == 2
