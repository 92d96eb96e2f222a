"""Every recipe can be built, and its network is what the project promises."""

from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from depth_unet.cli.train import command as train
from depth_unet.config.model import ModelConfig
from depth_unet.config.optim import OptimConfig
from depth_unet.config.run import Config
from depth_unet.model.unet import UNet
from depth_unet.recipes import RECIPES, train_words
from tests.integration.commandline import depth_unet

MOST_MACS = 1.6e9
PARAMETERS = (9.5e6, 10.5e6)


@cache
def network(name: str) -> UNet:
    """The network of a recipe; tests only look at it."""
    torch.manual_seed(0)
    return UNet(RECIPES[name]().model)


def macs(model: nn.Module, height: int, width: int) -> float:
    """Multiplications (with their additions) of one forward pass, attention included."""
    # The counter knows the matrix products of plain attention, not the CPU's flash kernel.
    with (
        torch.no_grad(),
        sdpa_kernel(SDPBackend.MATH),
        FlopCounterMode(display=False) as counter,
    ):
        model(torch.zeros(1, 3, height, width))
    return counter.get_total_flops() / 2


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_know_their_name(name: str) -> None:
    """A recipe builds, states its own name and says how to run it."""
    assert RECIPES[name]().recipe == name
    assert f"depth-unet train {name}" in (RECIPES[name].__doc__ or "")


@pytest.mark.parametrize("name", RECIPES)
def test_number_of_parameters(name: str) -> None:
    """Recipes of our own encoder have about ten million parameters, and none has more."""
    count = sum(parameter.numel() for parameter in network(name).parameters())
    assert count <= PARAMETERS[1]
    assert count >= PARAMETERS[0] or RECIPES[name]().model.encoder != "residual"


@pytest.mark.parametrize("name", RECIPES)
def test_every_image_is_on_its_own(name: str) -> None:
    """GroupNorm is the only norm, and nothing is kept besides parameters: accumulation is exact."""
    norms = [module for module in network(name).modules() if "Norm" in type(module).__name__]
    assert norms
    assert all(isinstance(module, nn.GroupNorm) for module in norms)
    assert not list(network(name).buffers())
    assert not [module for module in network(name).modules() if isinstance(module, nn.Dropout)]


def test_compute_of_the_default_network() -> None:
    """One 128x96 image takes the default network at most 1.6 GMAC, and not suspiciously few."""
    model = UNet(ModelConfig())
    assert 0.3e9 < macs(model, 96, 128) <= MOST_MACS
    assert replace(RECIPES["seed"]().model, camera_rays=True) == ModelConfig()


def test_compute_grows_with_the_stem() -> None:
    """A finer stem costs more: the default one was chosen."""
    costs = [macs(UNet(ModelConfig(stem_stride=stride)), 96, 128) for stride in (4, 2, 1)]
    assert costs[0] < costs[1] < costs[2]
    assert costs[2] > MOST_MACS


def test_seed_is_the_experiment_it_began_as() -> None:
    """128x96; 0.6 MAE, 0.2 edge, 1.0 SSIM; 5 % of the rooms; batches of 16."""
    config = RECIPES["seed"]()
    assert (config.canvas.width, config.canvas.height) == (128, 96)
    weights = {name: weight for name, weight in config.loss.weights().items() if weight}
    assert weights == {"mae": 0.6, "gradient_edge": 0.2, "ssim": 1.0}
    assert config.fraction == 0.05
    assert config.batch_size == 16


def test_paper_is_the_published_recipe() -> None:
    """640x480 in, 320x240 out, Adam 1e-4, 50 epochs, flips, brightness and contrast by 15 %."""
    config = RECIPES["paper"]()
    assert (config.canvas.width, config.canvas.height, config.loss.stride) == (640, 480, 2)
    assert (config.optim.lr, config.optim.weight_decay) == (1e-4, 0.0)
    assert config.epochs == 50
    augment = config.augment
    assert (augment.flip, augment.brightness, augment.contrast) == (0.5, 0.15, 0.15)
    assert (augment.saturation, augment.rotation_deg, augment.zoom) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    "config",
    [
        replace(RECIPES["transfer"](), holdout="none", seed=2**64 - 1, precision="fp32"),
        replace(RECIPES["seed"](), optim=OptimConfig(lr=1e-7, betas=(0.5, 0.6)), memory="1.5 GB"),
        Config(
            recipe="my own", model=ModelConfig(camera_rays=False, widths=(16, 64, 128, 256, 256))
        ),
    ],
    ids=["transfer", "seed", "no-recipe"],
)
def test_train_words_give_the_config(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """``depth-unet train`` with these words has the same settings, whatever the recipe's name."""
    given = list[Config]()
    monkeypatch.setattr(train, "run", lambda arguments: given.append(arguments.settings) or [])
    recipe, *options = train_words(config)
    assert recipe == (config.recipe if config.recipe in RECIPES else "seed")
    assert depth_unet("train", recipe, "--data", "pairs", *options).code == 0
    assert given == [config]
