"""Begin a run with another run's weights, as far as they fit."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from depth_unet.errors import CheckpointError

MOST_NAMES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What became of each parameter.

    Attributes:
        loaded: Names that were taken over.
        reshaped: Names that both have, in different shapes, with both shapes in words.
        missing: Names that only the network has; they keep their random values.
        unused: Names that only the weights have.
    """

    loaded: tuple[str, ...]
    reshaped: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        """One line: how many were loaded, and the names of those that were not."""
        total = len(self.loaded) + len(self.reshaped) + len(self.missing)
        parts = [f"{len(self.loaded)} of {total} parameters loaded"]
        for title, names in (
            ("other shape", self.reshaped),
            ("not in the weights", self.missing),
            ("not used", self.unused),
        ):
            if names:
                more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
                parts.append(f"{title}: {', '.join(names[:MOST_NAMES])}{more}")
        return "; ".join(parts)


@torch.no_grad()
def initialise(network: nn.Module, weights: Mapping[str, Tensor]) -> Initialised:
    """Copy into ``network`` every parameter whose name and shape agree.

    Args:
        network: Changed in place; parameters that are not loaded stay as they are.
        weights: Parameters by name, of any precision.

    Returns:
        What was loaded and what was not.

    Raises:
        CheckpointError: Nothing fits.
    """
    loaded, reshaped, missing = list[str](), list[str](), list[str]()
    parameters = dict(network.named_parameters())
    for name, parameter in parameters.items():
        if name not in weights:
            missing.append(name)
        elif weights[name].shape != parameter.shape:
            found, wanted = (
                "x".join(map(str, value.shape)) for value in (weights[name], parameter)
            )
            reshaped.append(f"{name} ({found} there, {wanted} here)")
        else:
            parameter.copy_(weights[name])
            loaded.append(name)
    if not loaded:
        raise CheckpointError(
            f"none of the {len(weights)} parameters to begin with fits this network; use weights "
            "of the same architecture"
        )
    unused = tuple(name for name in weights if name not in parameters)
    return Initialised(
        loaded=tuple(loaded), reshaped=tuple(reshaped), missing=tuple(missing), unused=unused
    )
