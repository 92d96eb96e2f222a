"""How much arithmetic a training step is, and how much of it a device can do."""

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from depth_unet.config.model import CanvasConfig
from depth_unet.config.run import Precision

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
# Large enough that nothing but multiplication counts: 2 x side^3 operations each.
MATRIX_SIDE = {"cpu": 1024, "cuda": 8192}
REPEATS = {"cpu": 7, "cuda": 20}


def fastest_device() -> torch.device:
    """CUDA where there is one, else the CPU; both sides run on the same."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def flops_per_image(
    model: nn.Module, forward: Callable[[Tensor], Tensor], canvas: CanvasConfig
) -> int:
    """Operations of convolutions and matrix products, forward and backward, of one image.

    Attention runs as plain matrix products here: what a flash kernel computes anew for the
    backward pass is no work of the model. Losses, norms and the optimiser are left out.
    """
    device = next(model.parameters()).device
    image = torch.rand(1, 3, canvas.height, canvas.width, device=device)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        torch.autograd.backward(forward(image).sum())
    model.zero_grad()
    total: int = counter.get_total_flops()
    return total


def peak_flops(device: torch.device, precision: Precision) -> float:
    """Operations per second of one large matrix product, the median of a few."""
    side = MATRIX_SIDE[device.type]
    one, other = torch.randn(2, side, side, device=device).to(DTYPES[precision])
    times_s: list[float] = []
    for _ in range(REPEATS[device.type] + 1):
        _synchronise(device)
        start_s = time.perf_counter()
        one @ other
        _synchronise(device)
        times_s.append(time.perf_counter() - start_s)
    return float(2 * side**3 / statistics.median(times_s[1:]))  # the first one prepares kernels


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()
