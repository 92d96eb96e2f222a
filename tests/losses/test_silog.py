"""Scale-invariant logarithmic error."""

import numpy as np
import torch

from depth_unet.losses.silog import silog
from tests.tolerances import TOLERANCE


def test_equals_numpy() -> None:
    """The mean over images of 10 sqrt(mean(d²) − 0.85 mean(d)² + 1e-8), to 1e-9."""
    random = np.random.default_rng(2)
    target = random.uniform(0.5, 10, (3, 1, 7, 9))
    prediction = target * random.uniform(0.6, 1.5, target.shape)
    valid = random.uniform(size=target.shape) < 0.7
    losses = []
    for p, g, v in zip(prediction, target, valid, strict=True):
        d = np.log(p[v]) - np.log(g[v])
        losses.append(10 * np.sqrt(np.mean(d**2) - 0.85 * np.mean(d) ** 2 + 1e-8))
    term = silog(torch.tensor(prediction), torch.tensor(target), torch.tensor(valid))
    assert term.count == 3
    torch.testing.assert_close(
        term.sum / 3, torch.tensor(np.mean(losses)), **TOLERANCE[torch.float64]
    )


def test_scaling_both_changes_nothing() -> None:
    """Only the ratio of prediction and target matters."""
    generator = torch.Generator().manual_seed(3)
    target = 1 + torch.rand(2, 1, 6, 6, generator=generator, dtype=torch.float64)
    prediction = target + 0.1
    once, scaled = (silog(k * prediction, k * target, target > 0).sum for k in (1.0, 7.0))
    torch.testing.assert_close(once, scaled, **TOLERANCE[torch.float64])


def test_each_image_weighs_the_same() -> None:
    """An image with one valid pixel weighs as much as a whole one; an empty one does not count."""
    target = torch.ones(3, 1, 4, 4, dtype=torch.float64)
    valid = torch.zeros_like(target, dtype=torch.bool)
    valid[0] = True
    valid[1, 0, 0, 0] = True
    term = silog(2 * target, target, valid)
    alone = silog(2 * target[:1], target[:1], valid[:1])
    assert term.count == 2
    torch.testing.assert_close(term.sum, 2 * alone.sum, **TOLERANCE[torch.float64])
