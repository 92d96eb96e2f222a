"""Mean absolute error."""

import numpy as np
import torch

from depth_unet.losses.mae import mae
from depth_unet.losses.masking import num_pixels
from tests.tolerances import TOLERANCE


def test_equals_numpy() -> None:
    """The mean over all valid pixels of all images, to 1e-9."""
    random = np.random.default_rng(0)
    target = random.uniform(0.5, 10, (3, 1, 7, 9))
    prediction = target + random.normal(size=target.shape)
    valid = random.uniform(size=target.shape) < 0.7
    expected = np.abs(prediction - target)[valid].mean()
    term = mae(torch.tensor(prediction), torch.tensor(target), torch.tensor(valid))
    torch.testing.assert_close(
        term.sum / term.count, torch.tensor(expected), **TOLERANCE[torch.float64]
    )


def test_count_is_the_number_of_valid_pixels() -> None:
    """Three valid pixels count three, whichever images they are in."""
    valid = torch.zeros(2, 1, 4, 4, dtype=torch.bool)
    valid[0, 0, 0, :2] = True
    valid[1, 0, 3, 3] = True
    assert num_pixels(valid) == 3


def test_two_images_by_hand() -> None:
    """Errors of 1 m at three pixels and 4 m at one average to 1.75 m: pixels weigh, not images."""
    target = torch.ones(2, 1, 1, 3)
    valid = torch.tensor([[True, True, True], [True, False, False]]).view(2, 1, 1, 3)
    prediction = target + torch.tensor([1.0, 4.0]).view(2, 1, 1, 1)
    term = mae(prediction, target, valid)
    assert term.sum / term.count == 1.75
