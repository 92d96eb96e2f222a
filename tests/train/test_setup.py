"""Initial weights: those that fit are loaded, the others are listed."""

import pytest
import torch
from torch import nn

from depth_unet.errors import CheckpointError
from depth_unet.train.setup import initialise


def layers(width: int) -> nn.Sequential:
    """Two layers."""
    return nn.Sequential(nn.Linear(3, width), nn.Linear(width, 1))


def test_what_fits_is_loaded() -> None:
    """Every parameter of the same network, copied and not shared, in the network's precision."""
    network = layers(4)
    weights = {name: value.double() + 1 for name, value in layers(4).state_dict().items()}
    found = initialise(network, weights)
    assert found == "4 of 4 parameters loaded"
    for name, value in network.named_parameters():
        assert torch.equal(value.detach(), weights[name].float())
        assert value.requires_grad


def test_what_does_not_fit_stays_random_and_is_named() -> None:
    """Another shape, a missing name and a superfluous one are each reported."""
    network = layers(4)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    weights = dict(layers(5).state_dict())
    del weights["1.bias"]
    weights["1.weight"] = before["1.weight"] + 1
    weights["head"] = torch.zeros(2)
    found = initialise(network, weights)
    assert found == (
        "1 of 4 parameters loaded; "
        "other shape: 0.weight (5x3 in the weights, 4x3 needed), "
        "0.bias (5 in the weights, 4 needed); "
        "not in the weights: 1.bias; not used: head"
    )
    after = network.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before if name != "1.weight")
    assert torch.equal(after["1.weight"], weights["1.weight"])


def test_nothing_fits() -> None:
    """Weights of something else are refused."""
    with pytest.raises(CheckpointError, match="none of the 2 parameters"):
        initialise(layers(4), {"a": torch.zeros(1), "0.weight": torch.zeros(9, 9)})
