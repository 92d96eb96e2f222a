"""A moving average of the weights, which is validated, kept as best, and shipped."""

import torch
from torch import Tensor, nn


class EMA:
    """Exponential moving average of a model's parameters, with a warm start.

    After step t the decay is min(decay, (1 + t) / (10 + t)), so that the first weights are
    forgotten however short the run is. The averages are the only state.

    Args:
        model: Its parameters are the first averages.
        decay: Share of the old average that remains after one step, in [0, 1).

    Reference:
        Tarvainen and Valpola, Mean teachers, NeurIPS 2017; the warm start as in TensorFlow's
        ExponentialMovingAverage.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {
            name: parameter.detach().clone() for name, parameter in model.named_parameters()
        }

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Move the averages towards ``model`` after optimiser step ``step`` (the first is 1)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        averages, current = [], []
        for name, parameter in model.named_parameters():
            averages.append(self.weights[name])
            current.append(parameter.detach())
        torch._foreach_lerp_(averages, current, 1 - decay)  # no public name
