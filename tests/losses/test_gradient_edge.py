"""Error of the edges."""

import math

import numpy as np
import torch

from depth_unet.losses.gradient_edge import gradient_edge, num_pairs
from tests.tolerances import TOLERANCE


def test_equals_numpy() -> None:
    """Twice the mean over all pairs of valid neighbours, both directions together, to 1e-9."""
    random = np.random.default_rng(1)
    target = random.uniform(0.5, 10, (3, 7, 9))
    prediction = target + random.normal(size=target.shape)
    valid = random.uniform(size=target.shape) < 0.8
    error = np.where(valid, prediction - target, np.nan)
    changes = [np.abs(np.diff(error, axis=axis)).ravel() for axis in (1, 2)]
    expected = 2 * np.nanmean(np.concatenate(changes))
    arguments = (torch.tensor(array)[:, None] for array in (prediction, target, valid))
    term = gradient_edge(*arguments)
    torch.testing.assert_close(
        term.sum / term.count, torch.tensor(expected), **TOLERANCE[torch.float64]
    )


def test_is_the_papers_formula() -> None:
    """The value is mean|dx e| + mean|dy e| if both directions have equally many pairs."""
    error = torch.rand(2, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    paper = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    term = gradient_edge(1 + error, torch.ones_like(error), error >= 0)
    torch.testing.assert_close(term.sum / term.count, paper, **TOLERANCE[torch.float64])


def test_pairs_of_an_invalid_pixel_do_not_count() -> None:
    """A 3x3 map has 12 pairs; without its centre 8, and without a corner 10; half of each."""
    valid = torch.ones(1, 1, 3, 3, dtype=torch.bool)
    assert num_pairs(valid) == 6
    valid[..., 1, 1] = False
    assert num_pairs(valid) == 4
    valid[..., 1, 1] = True
    valid[..., 0, 0] = False
    assert num_pairs(valid) == 5


def test_step_by_hand() -> None:
    """A step of 2 m that was not predicted costs 2 m at each pair it separates."""
    target = torch.ones(1, 1, 4, 4)
    target[..., 2:] = 3.0
    term = gradient_edge(torch.ones_like(target), target, target > 0)
    assert term.sum == 4 * 2.0
    assert term.count == 12


def test_hole_hides_its_edge() -> None:
    """The border of a hole is no edge, whatever the hole holds."""
    target = torch.ones(1, 1, 5, 5)
    target[..., 2, 2] = math.nan
    term = gradient_edge(torch.ones_like(target), target, target == 1)
    assert term.sum == 0


def test_constant_error_costs_nothing() -> None:
    """Depth that is off by the same everywhere has the right edges."""
    target = torch.rand(1, 1, 6, 6, generator=torch.Generator().manual_seed(2)).double() + 1
    assert gradient_edge(target + 0.5, target, target > 0).sum < 1e-12


def test_single_column_has_vertical_pairs_only() -> None:
    """A map one pixel wide has no horizontal pair and is no error."""
    target = torch.arange(1.0, 5.0).view(1, 1, 4, 1)
    term = gradient_edge(torch.ones_like(target), target, target > 0)
    assert (term.sum, term.count) == (3, 1.5)
