"""The head of classes: at 1/8 of the image, no change to the rest, refused without its loss."""

from dataclasses import replace

import pytest
import torch

from depth_unet.config.loss import LossConfig
from depth_unet.config.model import ModelConfig
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError
from depth_unet.model.unet import UNet

MODEL = ModelConfig(
    widths=(8, 16, 32, 32),
    blocks=(1, 1, 1, 1),
    attention_blocks=(0, 0, 0, 1),
    head_width=8,
    num_classes=5,
)


@pytest.mark.parametrize("stem_stride", [2, 4])
def test_scores_at_an_eighth(stem_stride: int) -> None:
    """Whatever the stem's stride, there is one place for every 8x8 pixels."""
    network = UNet(replace(MODEL, stem_stride=stem_stride))
    output = network(torch.rand(2, 3, 64, 96))
    assert output.semantics is not None
    assert output.semantics.shape == (2, 5, 8, 12)


def test_the_rest_begins_as_it_would_without_it() -> None:
    """The same seed gives the same other weights and the same depth."""
    networks = []
    for classes in (5, 0):
        torch.manual_seed(0)
        networks.append(UNet(replace(MODEL, num_classes=classes)))
    with_head, without = networks
    image = torch.rand(1, 3, 64, 96)
    assert torch.equal(with_head(image).canonical_depth_m, without(image).canonical_depth_m)
    assert without(image).semantics is None
    new = set(with_head.state_dict()) - set(without.state_dict())
    assert new == {"semantic_head.weight", "semantic_head.bias"}


def test_classes_teach_what_depth_is_made_of() -> None:
    """Their gradient reaches the encoder and the coarse decoder, not the finer levels."""
    network = UNet(MODEL)
    for module in network.modules():  # branches end in zeros at first, which hide what is before
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.normal_(module.weight, std=0.1)
    output = network(torch.rand(1, 3, 64, 96))
    assert output.semantics is not None
    output.semantics.sum().backward()
    touched = {name for name, p in network.named_parameters() if p.grad is not None}
    assert "encoder.stem.weight" in touched
    assert any(name.startswith("ups.0.") for name in touched)
    assert not any(name.startswith(("ups.1.", "ups.2.", "head.")) for name in touched)


def test_refusals() -> None:
    """A head without its loss, the loss without the head, classes alone, a decoder too shallow."""
    for model, loss in ((MODEL, LossConfig()), (ModelConfig(), LossConfig(semantics=0.3))):
        with pytest.raises(ConfigError, match=r"--model\.num-classes 39"):
            Config(model=model, loss=loss)
    with pytest.raises(ConfigError, match="cannot train depth"):
        LossConfig(mae=0, gradient_edge=0, ssim=0, semantics=1)
    with pytest.raises(ConfigError, match="features at 1/8"):
        replace(MODEL, widths=(8, 16), blocks=(1, 1), attention_blocks=(0, 0))
    with pytest.raises(ConfigError, match=r"num_classes is 256; choose a number in \[0, 255\]"):
        replace(MODEL, num_classes=256)
