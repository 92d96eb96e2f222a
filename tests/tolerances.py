"""How near two numbers must be: one table, by dtype of the computation."""

from typing import TypedDict

import torch


class Tolerance(TypedDict):
    """Keywords of ``torch.testing.assert_close``."""

    rtol: float
    atol: float


TOLERANCE: dict[torch.dtype, Tolerance] = {
    torch.float64: {"rtol": 1e-9, "atol": 1e-9},
    torch.float32: {"rtol": 1e-5, "atol": 1e-5},
    torch.float16: {"rtol": 2e-3, "atol": 2e-3},
    torch.bfloat16: {"rtol": 2e-2, "atol": 2e-2},
}
