"""Error of the log-depth differences at several distances."""

import numpy as np
import pytest
import torch

from depth_unet.losses.gradient_edge import gradient_edge
from depth_unet.losses.gradient_matching import gradient_matching, num_far_pairs
from tests.tolerances import TOLERANCE


def test_equals_numpy() -> None:
    """Twice the mean over all pairs of valid pixels, both directions and all distances, to 1e-9."""
    random = np.random.default_rng(1)
    target = random.uniform(0.5, 10, (3, 17, 12))
    prediction = target * random.uniform(0.8, 1.3, target.shape)
    valid = random.uniform(size=target.shape) < 0.8
    ratio = np.where(valid, np.log(prediction / target), np.nan)
    changes = [np.abs(ratio[:, :, k:] - ratio[:, :, :-k]).ravel() for k in (1, 2, 4, 8)]
    changes += [np.abs(ratio[:, k:] - ratio[:, :-k]).ravel() for k in (1, 2, 4, 8, 16)]
    expected = 2 * np.nanmean(np.concatenate(changes))
    arguments = (torch.tensor(array)[:, None] for array in (prediction, target, valid))
    term = gradient_matching(*arguments)
    torch.testing.assert_close(
        term.sum / term.count, torch.tensor(expected), **TOLERANCE[torch.float64]
    )


def test_pairs_of_an_invalid_pixel_do_not_count() -> None:
    """Four pixels in a row have 3 pairs at distance 1 and 2 at distance 2; half of each."""
    valid = torch.ones(1, 1, 1, 4, dtype=torch.bool)
    assert num_far_pairs(valid) == 2.5
    valid[..., 1] = False
    assert num_far_pairs(valid) == 1
    assert num_far_pairs(valid[..., :1]) == 0


@pytest.mark.parametrize("width", [2, 6])
def test_smeared_jump_is_better_than_none(width: int) -> None:
    """Neighbours alone prefer a flat prediction to a jump smeared over more than 2 pixels."""
    columns = torch.arange(48.0)
    log_m = (columns >= 24).float()
    smeared = ((columns - 24 + width / 2) / width).clamp(0, 1)
    flat = torch.full_like(columns, 0.5)
    target, ramp, none = (values.expand(1, 1, 8, 48).exp() for values in (log_m, smeared, flat))
    valid = target > 0
    assert gradient_matching(ramp, target, valid).sum < gradient_matching(none, target, valid).sum
    if width > 2:
        assert gradient_edge(ramp, target, valid).sum > gradient_edge(none, target, valid).sum


def test_scale_of_the_image_costs_nothing() -> None:
    """Depth that is off by the same factor everywhere has the right edges."""
    target = torch.rand(1, 1, 6, 6, generator=torch.Generator().manual_seed(2)).double() + 1
    assert gradient_matching(1.5 * target, target, target > 0).sum < 1e-12
