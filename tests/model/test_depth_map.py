"""From the last layer's number to metres."""

from typing import get_args

import pytest
import torch

from depth_unet.config.model import DepthMap
from depth_unet.model.depth_map import to_metres
from tests.tolerances import TOLERANCE

MAPS = get_args(DepthMap)
LOW_M, HIGH_M = 0.3, 10.0
MIDDLE = {"log": (0.3 * 10) ** 0.5, "linear": (0.3 + 10) / 2, "inverse": 2 / (1 / 0.3 + 1 / 10)}


def metres(raw: torch.Tensor, depth_map: DepthMap) -> torch.Tensor:
    """Depth of a row of numbers, as a row."""
    return to_metres(raw.view(1, 1, 1, -1), depth_map, LOW_M, HIGH_M).flatten()


@pytest.mark.parametrize("depth_map", MAPS)
def test_middle_by_hand(depth_map: DepthMap) -> None:
    """Zero is the geometric, arithmetic or harmonic mean of the bounds."""
    expected = torch.tensor([MIDDLE[depth_map]], dtype=torch.float64)
    found = metres(torch.zeros(1, dtype=torch.float64), depth_map)
    torch.testing.assert_close(found, expected, **TOLERANCE[torch.float64])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("depth_map", MAPS)
def test_range(depth_map: DepthMap, dtype: torch.dtype) -> None:
    """Whatever the number, depth stays within the bounds up to rounding, and reaches both."""
    raw = torch.tensor([-1e30, -1e4, -88.0, -1.0, 0.0, 1.0, 88.0, 1e4, 1e30], dtype=dtype)
    depth_m = metres(raw, depth_map)
    rounding = 8 * torch.finfo(dtype).eps
    assert depth_m.min().item() == pytest.approx(LOW_M, rel=rounding)
    assert depth_m.max().item() == pytest.approx(HIGH_M, rel=rounding)


@pytest.mark.parametrize("depth_map", MAPS)
def test_monotonic(depth_map: DepthMap) -> None:
    """A larger number is a larger depth; for inverse depth, a smaller one."""
    steps = metres(torch.linspace(-12, 12, 200, dtype=torch.float64), depth_map).diff()
    assert ((steps < 0) if depth_map == "inverse" else (steps > 0)).all()


@pytest.mark.parametrize("depth_map", MAPS)
def test_gradcheck(depth_map: DepthMap) -> None:
    """The gradient is that of finite differences, and finite far outside the usual range."""
    raw = torch.linspace(-5, 5, 7, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda numbers: metres(numbers, depth_map), (raw,))
    far = torch.tensor([-1e30, 1e30]).requires_grad_()
    metres(far, depth_map).sum().backward()
    assert far.grad is not None
    assert far.grad.isfinite().all()
