"""Error of painted colours: what is hidden counts, and nothing else."""

import numpy as np
import pytest
import torch
from torch import Tensor

from depth_unet.losses.colour import colour, colour_count
from tests.tolerances import TOLERANCE


def make(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Painted and true colours of three photos, and what was hidden: of the last one nothing."""
    generator = torch.Generator().manual_seed(0)
    painted, target = torch.rand(2, 3, 3, 7, 9, generator=generator, dtype=torch.float64)
    hidden = torch.rand(3, 1, 7, 9, generator=generator) < 0.6
    hidden[2] = False
    return painted.to(dtype), target.to(dtype), hidden


def test_equals_numpy() -> None:
    """The mean over the channels of all hidden pixels of all photos, to 1e-9."""
    painted, target, hidden = make()
    where = np.broadcast_to(hidden.numpy(), painted.shape)
    expected = np.abs(painted.numpy() - target.numpy())[where].mean()
    term = colour(painted, target, hidden)
    torch.testing.assert_close(
        term.sum / term.count, torch.tensor(expected), **TOLERANCE[torch.float64]
    )


@pytest.mark.parametrize("value", [0.3, 1e9, float("nan")])
def test_visible_pixels_change_nothing(value: float) -> None:
    """Other colours where nothing was hidden, even NaN, leave sum, count and gradient alone."""
    painted, target, hidden = make()
    results = []
    for colours in (target, torch.where(hidden, target, value)):
        painted = painted.detach().requires_grad_()
        term = colour(painted, colours, hidden)
        term.sum.backward()
        results.append((term.sum.detach(), term.count, painted.grad))
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)
    assert not results[0][2][(~hidden).expand_as(painted)].any()


def test_hidden_pixels_change_something() -> None:
    """The law above bites: another colour of one hidden pixel is another loss."""
    painted, target, hidden = make()
    row, column = hidden[0, 0].nonzero()[0].tolist()
    other = target.clone()
    other[0, 1, row, column] = 5
    assert colour(painted, other, hidden).sum > colour(painted, target, hidden).sum


def test_nothing_hidden() -> None:
    """Sum, count and gradient are exactly 0."""
    painted, target, hidden = make()
    painted.requires_grad_()
    term = colour(painted, target, torch.zeros_like(hidden))
    term.sum.backward()
    assert (term.sum, term.count) == (0, 0)
    assert not painted.grad.any()


def test_count_is_known_before() -> None:
    """Three channels of every hidden pixel; counts of parts add up to that of the whole."""
    _, _, hidden = make()
    assert colour_count(hidden) == 3 * hidden.sum()
    assert sum(colour_count(part) for part in hidden.split(1)) == colour_count(hidden)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_single(dtype: torch.dtype) -> None:
    """The sum is fp32, and that of the widened values."""
    painted, target, hidden = make(dtype)
    term = colour(painted, target, hidden)
    assert term.sum.dtype == torch.float32
    assert torch.equal(term.sum, colour(painted.float(), target.float(), hidden).sum)
