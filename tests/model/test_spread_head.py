"""The spread head: how far depth may be off, without any effect on depth."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.config.loss import LossConfig
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError
from depth_unet.model.checkpoint import Checkpoint
from depth_unet.model.unet import USUAL_LOG_SPREAD, UNet
from depth_unet.predict.model import DepthModel
from depth_unet.predict.spread import half_width

MODEL = ModelConfig(
    widths=(8, 16, 32), blocks=(1, 1, 1), attention_blocks=(0, 0, 1), head_width=8, spread=True
)


def make_network(config: ModelConfig = MODEL) -> UNet:
    """The same weights every time."""
    torch.manual_seed(0)
    return UNet(config)


def test_spread_has_no_say_in_depth() -> None:
    """Its gradient reaches its own head alone, and depth is that of a network without it."""
    network = make_network()
    output = network(torch.rand(2, 3, 32, 48), output_stride=2)
    assert output.log_spread is not None
    assert output.log_spread.shape == output.canonical_depth_m.shape == (2, 1, 16, 24)
    output.log_spread.sum().backward()
    touched = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert touched == {"spread_head.weight", "spread_head.bias"}
    without = make_network(replace(MODEL, spread=False))
    without.load_state_dict(network.state_dict(), strict=False)
    image = torch.rand(1, 3, 32, 48)
    assert torch.equal(without(image).canonical_depth_m, network(image).canonical_depth_m)
    assert without(image).log_spread is None


def test_the_rest_begins_as_it_would_without_it() -> None:
    """The same seed gives the same weights, whether there is a second head or not."""
    with_head, without = make_network(), make_network(replace(MODEL, spread=False))
    for name, weight in without.named_parameters():
        assert torch.equal(dict(with_head.named_parameters())[name], weight), name


def test_a_new_network_begins_with_the_usual_spread() -> None:
    """The factor of predictions has no effect in training, where the head would undo it."""
    image = torch.rand(1, 3, 32, 48)
    plain, scaled = (make_network(replace(MODEL, spread_scale=k)) for k in (1.0, 3.0))
    first, second = plain(image).log_spread, scaled(image).log_spread
    assert torch.equal(first, second)
    assert abs(float(first.detach().mean()) - USUAL_LOG_SPREAD) < 0.5


def test_one_is_trained_by_the_other() -> None:
    """A head without its loss, or the loss without the head, is refused."""
    for model, loss in (
        (MODEL, LossConfig()),
        (replace(MODEL, spread=False), LossConfig(spread=0.1)),
    ):
        with pytest.raises(ConfigError, match="set both"):
            Config(model=model, loss=loss)
    with pytest.raises(ConfigError, match="cannot train depth"):
        LossConfig(mae=0, gradient_edge=0, ssim=0, spread=1)


def test_half_width_holds_four_fifths() -> None:
    """80 % of a Laplace distribution of log-depth lie between ``depth / k`` and ``depth * k``."""
    random = np.random.default_rng(0)
    spread, depth_m = 0.1, np.full((200, 500), 3.0, np.float32)
    truth_m = depth_m * np.exp(random.laplace(0, spread, depth_m.shape))
    half = half_width(depth_m, np.full_like(depth_m, math.log(spread)))
    factor = np.exp(np.arcsinh(half / depth_m))
    inside = (truth_m > depth_m / factor) & (truth_m < depth_m * factor)
    assert abs(inside.mean() - 0.8) < 0.005


def predictor(spread_scale: float = 1.0) -> DepthModel:
    """The network as a model that predicts."""
    config = Config(
        canvas=CanvasConfig(height=32, width=48),
        model=replace(MODEL, camera_rays=False, spread_scale=spread_scale),
        loss=LossConfig(spread=0.1),
    )
    splits: dict[str, list[str]] = {"train": [], "seen": [], "unseen": [], "test": []}
    weights = make_network(config.model).state_dict()
    return DepthModel(Checkpoint(config=config, step=0, weights=weights, splits=splits))


def test_prediction_carries_it() -> None:
    """``predict`` gives it at the photo's size; a longer lens widens it as it does depth."""
    photo = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    near, far = (
        predictor().predict(photo, Intrinsics.centred(70, 50, focal)) for focal in (60.0, 120.0)
    )
    assert near.uncertainty_m is not None
    assert far.uncertainty_m is not None
    assert near.uncertainty_m.shape == (50, 70)
    assert (near.uncertainty_m > 0).all()
    np.testing.assert_allclose(far.uncertainty_m / near.uncertainty_m, 2, rtol=1e-4)
    np.testing.assert_allclose(far.depth_m / near.depth_m, 2, rtol=1e-4)


def test_scale_widens_the_interval() -> None:
    """The factor multiplies the spread, whose hyperbolic sine is the relative uncertainty."""
    photo = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    plain, wide = (predictor(scale).predict(photo) for scale in (1.0, 2.0))
    first, second = (np.arcsinh(item.uncertainty_m / item.depth_m) for item in (plain, wide))
    np.testing.assert_allclose(second / first, 2, rtol=1e-3)
    np.testing.assert_array_equal(plain.depth_m, wide.depth_m)
