"""The moving average of the weights."""

import torch
from torch import nn

from depth_unet.train.ema import EMA
from tests.tolerances import TOLERANCE


def model(value: float = 0.0) -> nn.Module:
    """Two parameters, all of one value."""
    layer = nn.Linear(3, 2).double()
    set_all(layer, value)
    return layer


@torch.no_grad()
def set_all(layer: nn.Module, value: float) -> None:
    """Give every parameter this value."""
    for parameter in layer.parameters():
        parameter.fill_(value)


def test_begins_as_a_copy() -> None:
    """The first average equals the weights, and does not follow them by itself."""
    layer = model(1.5)
    ema = EMA(layer, 0.9)
    set_all(layer, 7.0)
    assert list(ema.weights) == ["weight", "bias"]
    assert all((average == 1.5).all() for average in ema.weights.values())


def test_values_by_hand() -> None:
    """With decay .9: the warm start keeps 2/11 after step 1, 3/12 after step 2; far on, .9."""
    layer = model(0.0)
    ema = EMA(layer, 0.9)
    set_all(layer, 1.0)
    expected = 0.0
    for step, decay in ((1, 2 / 11), (2, 3 / 12), (79, 80 / 89), (1000, 0.9)):
        expected = decay * expected + (1 - decay) * 1.0
        ema.update(layer, step)
        for average in ema.weights.values():
            torch.testing.assert_close(
                average, torch.full_like(average, expected), **TOLERANCE[torch.float64]
            )


def test_decay_bounds_the_warm_start() -> None:
    """A decay below the warm start's holds from the first step."""
    layer = model(0.0)
    ema = EMA(layer, 0.1)
    set_all(layer, 1.0)
    ema.update(layer, 1)
    torch.testing.assert_close(ema.weights["bias"], torch.full((2,), 0.9).double())


def test_decay_zero_follows_exactly() -> None:
    """Without memory the average is the weights, to the last bit."""
    layer = nn.Linear(5, 5)
    ema = EMA(layer, 0.0)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(5, 5, generator=torch.Generator().manual_seed(0)))
    ema.update(layer, 1)
    assert torch.equal(ema.weights["weight"], layer.weight)


def test_first_weights_are_forgotten_in_a_short_run() -> None:
    """After a hundred steps less than a thousandth of the random start remains, at decay .9999."""
    layer = model(1.0)
    ema = EMA(layer, 0.9999)
    set_all(layer, 0.0)
    for step in range(1, 101):
        ema.update(layer, step)
    assert float(ema.weights["bias"].max()) < 1e-3


def test_the_model_is_left_alone() -> None:
    """Averaging changes neither weights nor gradients, and takes part in no graph."""
    layer = model(2.0)
    layer(torch.ones(1, 3).double()).sum().backward()
    gradient = layer.bias.grad.clone()
    ema = EMA(layer, 0.5)
    ema.update(layer, 3)
    assert (layer.weight == 2).all()
    assert torch.equal(layer.bias.grad, gradient)
    assert not any(average.requires_grad for average in ema.weights.values())


def test_resumed_average_goes_on_bit_for_bit() -> None:
    """The averages are the whole state: with them and the step, a new object goes on alike."""
    layer = nn.Linear(4, 4)
    ema = EMA(layer, 0.99)
    generator = torch.Generator().manual_seed(1)
    resumed = None
    for step in range(1, 7):
        with torch.no_grad():
            layer.weight.add_(torch.randn(4, 4, generator=generator))
        if step == 4:
            resumed = EMA(nn.Linear(4, 4), 0.99)
            resumed.weights = {name: value.clone() for name, value in ema.weights.items()}
        for average in (ema, resumed):
            if average:
                average.update(layer, step)
    assert resumed is not None
    assert torch.equal(resumed.weights["weight"], ema.weights["weight"])
