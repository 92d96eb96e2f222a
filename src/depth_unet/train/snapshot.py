"""What a checkpoint holds beyond the weights: everything that goes on unchanged after a restart."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from depth_unet.train.optimiser import load_optimiser_tensors, optimiser_tensors


def state_tensors(network: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Raw weights as ``network/NAME`` and moments as ``optimiser/NUMBER.NAME``."""
    network_state = {f"network/{key}": value for key, value in network.state_dict().items()}
    moments = {f"optimiser/{key}": value for key, value in optimiser_tensors(optimiser).items()}
    return network_state | moments


def network_tensors(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The raw weights by name."""
    return _group(state, "network")


def restore_moments(optimiser: torch.optim.Optimizer, state: Mapping[str, Tensor]) -> None:
    """Give the optimiser its moments and counters back; a run of no steps has none."""
    moments = _group(state, "optimiser")
    if moments:
        load_optimiser_tensors(optimiser, moments)


def _group(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {
        key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)
    }
