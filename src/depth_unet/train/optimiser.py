"""AdamW with its learning-rate schedule, and its state as named tensors."""

import math
from collections.abc import Mapping

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from depth_unet.config.optim import OptimConfig
from depth_unet.errors import ConfigError
from depth_unet.model.unet import UNet

ONE_CYCLE_START = 1 / 25  # of the largest learning rate
ONE_CYCLE_END = 1e-4  # of the first learning rate


def make_optimiser(network: UNet, config: OptimConfig, *, fused: bool) -> torch.optim.AdamW:
    """AdamW over all trained parameters; weight decay on matrices and kernels only.

    Every group has ``lr_factor``, its share of the scheduled learning rate. Frozen parts of the
    network stop requiring gradients.

    Raises:
        ConfigError: ``frozen`` names an unknown part, or the whole network.
    """
    freeze(network, config.frozen)
    groups = [
        {
            "params": members,
            "lr": factor * config.lr,
            "lr_factor": factor,
            "weight_decay": config.weight_decay if matrices else 0.0,
        }
        for factor, part in _by_factor(network, config.layer_decay)
        for matrices in (True, False)
        if (members := [p for p in part if (p.ndim > 1) == matrices])
    ]
    return torch.optim.AdamW(
        groups, lr=config.lr, betas=config.betas, fused=fused, foreach=not fused
    )


def freeze(network: UNet, names: tuple[str, ...]) -> None:
    """Exclude parts of the network, such as ``encoder.stem``, from training.

    Raises:
        ConfigError: ``layers`` has no such part, or nothing is left to train.
    """
    parts = [part for level in network.layers() for part in level]
    unknown = [name for name in names if name not in parts]
    if unknown:
        raise ConfigError(
            f"optim.frozen names {', '.join(unknown)}; choose from {', '.join(parts)}"
        )
    if len(set(names)) == len(parts):
        raise ConfigError("optim.frozen names the whole network; leave at least one part trainable")
    for name in names:
        network.get_submodule(name).requires_grad_(requires_grad=False)


def learning_rate(step: int, total_steps: int, config: OptimConfig) -> float:
    """Learning rate of optimiser step ``step`` (the first is 0).

    It rises linearly from 0 during the warm-up, then stays (``constant``) or falls along half a
    cosine to 0 after the last step (``cosine``). ``one_cycle`` rises along half a cosine from 1/25
    of the largest rate and falls to a 250,000th of it.

    Reference:
        Smith and Topin, Super-Convergence, 2018, in the form of ``torch.optim``'s OneCycleLR.
    """
    if config.schedule == "one_cycle":
        return _one_cycle(step, total_steps, config)
    warmup_steps = config.warmup * total_steps
    if step < warmup_steps:
        return config.lr * (step + 1) / (math.floor(warmup_steps) + 1)
    if config.schedule == "constant":
        return config.lr
    progress = (step - warmup_steps) / max(1.0, total_steps - warmup_steps)
    return config.lr * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def set_learning_rate(optimiser: torch.optim.Optimizer, lr: float) -> None:
    """Give every group of parameters its share of the learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = lr * group["lr_factor"]


def clip_gradient(
    fabric: Fabric, model: nn.Module, optimiser: torch.optim.Optimizer, max_norm: float
) -> Tensor:
    """Clip the gradient to a norm (0: not at all), and return its norm before."""
    norm = fabric.clip_gradients(
        model, optimiser, max_norm=max_norm or float("inf"), error_if_nonfinite=False
    )
    assert isinstance(norm, Tensor)
    return norm


def state_tensors(network: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Raw weights as ``network/NAME``, moments and counters as ``optimiser/PARAMETER_NUMBER.NAME``.

    The optimiser's settings are not among them: they come from the config.
    """
    weights = {f"network/{name}": value for name, value in network.state_dict().items()}
    state: dict[int, dict[str, Tensor]] = optimiser.state_dict()["state"]
    return weights | {
        f"optimiser/{number}.{name}": value
        for number, members in state.items()
        for name, value in members.items()
    }


def network_tensors(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The raw weights among the tensors of ``state_tensors``, by their names in the network."""
    return _with_prefix(state, "network/")


def restore_moments(optimiser: torch.optim.Optimizer, state: Mapping[str, Tensor]) -> None:
    """Restore the optimiser from ``state_tensors``; before the first step there is nothing."""
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    restored: dict[int, dict[str, Tensor]] = {}
    for key, value in _with_prefix(state, "optimiser/").items():
        number, _, name = key.partition(".")
        parameter = parameters[int(number)]
        as_stored = torch.empty_like(parameter) if value.ndim else torch.empty_like(value)
        restored.setdefault(int(number), {})[name] = as_stored.detach().copy_(value)
    if restored:
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": restored, "param_groups": groups})


def _with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _by_factor(network: UNet, layer_decay: float) -> list[tuple[float, list[nn.Parameter]]]:
    """Trained parameters by their share of the learning rate, decoder first."""
    trained = {name: p for name, p in network.named_parameters() if p.requires_grad}
    if layer_decay == 1:
        return [(1.0, list(trained.values()))]
    return [
        (
            layer_decay**distance,
            [p for name, p in trained.items() if any(name.startswith(f"{x}.") for x in level)],
        )
        for distance, level in enumerate(reversed(network.layers()))
    ]


def _one_cycle(step: int, total_steps: int, config: OptimConfig) -> float:
    first = config.lr * ONE_CYCLE_START
    peak = max(1.0, config.warmup * total_steps - 1)
    if step <= peak:
        return _half_cosine(first, config.lr, step / peak)
    rest = max(1.0, total_steps - 1 - peak)
    return _half_cosine(config.lr, first * ONE_CYCLE_END, min(1.0, (step - peak) / rest))


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * share))
