"""Reverse Huber loss."""

import numpy as np
import torch

from depth_unet.losses.berhu import berhu
from tests.tolerances import TOLERANCE


def test_equals_numpy() -> None:
    """The mean over images of the mean over pixels, each image with its own threshold, to 1e-9."""
    random = np.random.default_rng(4)
    target = random.uniform(0.5, 10, (3, 1, 7, 9))
    prediction = target + random.normal(size=target.shape) * np.array([0.1, 1, 3]).reshape(
        3, 1, 1, 1
    )
    valid = random.uniform(size=target.shape) < 0.7
    losses = []
    for p, g, v in zip(prediction, target, valid, strict=True):
        e = np.abs(p - g)[v]
        c = 0.2 * e.max()
        losses.append(np.where(e <= c, e, (e**2 + c**2) / (2 * c)).mean())
    term = berhu(torch.tensor(prediction), torch.tensor(target), torch.tensor(valid))
    assert term.count == 3
    torch.testing.assert_close(
        term.sum / 3, torch.tensor(np.mean(losses)), **TOLERANCE[torch.float64]
    )


def test_invalid_pixels_do_not_set_the_threshold() -> None:
    """The largest error is looked for among valid pixels."""
    target = torch.ones(1, 1, 1, 3)
    prediction = target + torch.tensor([0.1, 1.0, 50.0])
    valid = torch.tensor([True, True, False]).view(1, 1, 1, 3)
    torch.testing.assert_close(berhu(prediction, target, valid).sum, torch.tensor(1.35))


def test_no_gradient_through_the_threshold() -> None:
    """Small errors have slope 1 over the number of pixels, the largest e / c over it."""
    target = torch.ones(1, 1, 1, 2, dtype=torch.float64)
    error = torch.tensor([0.1, 1.0], dtype=torch.float64).view(1, 1, 1, 2)
    prediction = (target + error).requires_grad_()
    (slope,) = torch.autograd.grad(berhu(prediction, target, target > 0).sum, prediction)
    torch.testing.assert_close(slope.flatten(), torch.tensor([0.5, 2.5]).double())


def test_does_not_depend_on_the_rest_of_the_batch() -> None:
    """A large error in one image leaves the loss of another as it is."""
    target = torch.ones(2, 1, 2, 2, dtype=torch.float64)
    prediction = target + torch.rand(
        2, 1, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(5)
    )
    prediction[1, 0, 0, 0] = 9.0
    both = berhu(prediction, target, target > 0).sum
    apart = sum(berhu(prediction[i : i + 1], target[:1], target[:1] > 0).sum for i in (0, 1))
    torch.testing.assert_close(both, apart)
