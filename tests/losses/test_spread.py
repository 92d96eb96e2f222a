"""The spread's likelihood: right about the errors, and no reward for worse depth."""

import math

import torch
from torch import Tensor

from depth_unet.losses.masking import num_pixels
from depth_unet.losses.spread import spread


def drawn(scale: float, num: int = 20_000) -> tuple[Tensor, Tensor]:
    """Predictions of 2 m and truths whose log is Laplace distributed about it."""
    generator = torch.Generator().manual_seed(0)
    share = torch.rand(1, 1, 100, num // 100, generator=generator, dtype=torch.float64) - 0.5
    noise = -scale * share.sign() * torch.log1p(-2 * share.abs())
    return torch.full_like(noise, 2.0), 2 * noise.exp()


def test_value_by_hand() -> None:
    """An error of ln 2 under a scale of 1/2: 2 ln 2 - ln 2 + ln 2, and nothing where not valid."""
    target = torch.ones(1, 1, 2, 3, dtype=torch.float64)
    valid = torch.tensor([[[[True, True, False], [False, False, False]]]])
    target[~valid] = math.nan
    log_spread = torch.full_like(target, math.log(0.5))
    term = spread(torch.full_like(target, 2.0), target, valid, log_spread=log_spread)
    assert math.isclose(float(term.sum), 2 * 2 * math.log(2), rel_tol=1e-12)
    assert float(term.count) == float(num_pixels(valid)) == 2


def test_the_true_scale_is_the_best() -> None:
    """The likelihood's slope vanishes where the spread is that of the errors."""
    prediction, target = drawn(0.2)
    valid = target > 0
    log_spread = torch.tensor(math.log(0.2), dtype=torch.float64, requires_grad=True)
    term = spread(prediction, target, valid, log_spread=log_spread.expand_as(target))
    (term.sum / term.count).backward()
    assert abs(float(log_spread.grad)) < 0.02


def test_depth_is_left_alone() -> None:
    """No gradient reaches the prediction, and none is NaN where nothing is valid."""
    prediction = torch.full((1, 1, 4, 4), 2.0, requires_grad=True)
    log_spread = torch.zeros(1, 1, 4, 4, requires_grad=True)
    target = torch.full((1, 1, 4, 4), math.nan)
    term = spread(prediction, target, torch.zeros_like(target).bool(), log_spread=log_spread)
    term.sum.backward()
    assert float(term.sum.detach()) == float(term.count) == 0
    assert prediction.grad is None
    assert not log_spread.grad.any()
