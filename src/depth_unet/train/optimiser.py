"""AdamW with its learning-rate schedule, and its state as named tensors."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from depth_unet.config.optim import OptimConfig


def make_optimiser(network: nn.Module, config: OptimConfig) -> torch.optim.AdamW:
    """AdamW over all parameters; weight decay on matrices and kernels only.

    On the CPU its fused form takes half the time. On GPUs it would unscale fp16 gradients itself,
    and clipping could not come in between.
    """
    matrices = [p for p in network.parameters() if p.ndim > 1]
    vectors = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    on_cpu = all(p.device.type == "cpu" for p in network.parameters())
    return torch.optim.AdamW(
        groups, lr=config.lr, betas=config.betas, fused=on_cpu, foreach=not on_cpu
    )


def learning_rate(step: int, total_steps: int, config: OptimConfig) -> float:
    """Learning rate of optimiser step ``step`` (the first is 0).

    Linear from 0 during the warm-up; then constant, or half a cosine down to 0 after the last.
    """
    warmup_steps = config.warmup * total_steps
    if step < warmup_steps:
        return config.lr * (step + 1) / (math.floor(warmup_steps) + 1)
    if config.schedule == "constant":
        return config.lr
    progress = (step - warmup_steps) / max(1.0, total_steps - warmup_steps)
    return config.lr * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def set_learning_rate(optimiser: torch.optim.Optimizer, lr: float) -> None:
    """Give every group of parameters the same learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = lr


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Moments and counters as ``<parameter number>.<name>``; settings come from the config."""
    state: dict[int, dict[str, Any]] = optimiser.state_dict()["state"]
    return {
        f"{number}.{name}": value
        for number, members in state.items()
        for name, value in members.items()
    }


def load_optimiser_tensors(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Inverse of ``optimiser_tensors``."""
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, _, name = key.partition(".")
        parameter = parameters[int(number)]
        as_stored = torch.empty_like(parameter) if value.ndim else torch.empty_like(value)
        state.setdefault(int(number), {})[name] = as_stored.detach().copy_(value)
    values = optimiser.state_dict()
    optimiser.load_state_dict({"state": state, "param_groups": values["param_groups"]})
