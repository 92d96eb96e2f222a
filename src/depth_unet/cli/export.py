"""``depth-unet export``: one small file to predict with, from a run or the mean of several."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import torch
from rich.console import Console
from torch import Tensor

from depth_unet.cli.arguments import ExportArguments
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError, DataError
from depth_unet.files.atomic import check_writable
from depth_unet.model.checkpoint import Checkpoint, read, resolve, save

SUFFIX = ".safetensors"


def run(arguments: ExportArguments) -> list[DataError]:
    """Write the weights that a run predicts with, and nothing that only resuming needs."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    out = arguments.out
    if out.suffix != SUFFIX:
        raise ConfigError(f"{out} does not end in {SUFFIX}; name such a file")
    if out.exists() and not arguments.overwrite:
        raise ConfigError(f"{out} is already there; choose another, or use --overwrite")
    checkpoint = averaged([load(name) for name in (arguments.checkpoint, *arguments.average)])
    check_writable(out.parent)
    weights = checkpoint.weights
    if arguments.precision == "fp16":
        weights = {name: halved(name, weight) for name, weight in weights.items()}
    config = with_scale(checkpoint.config, arguments.spread_scale)
    save(out, replace(checkpoint, config=config, weights=weights, state={}, extra={}))
    content = out.read_bytes()
    console.print(
        f"wrote {out}: {len(content) / 10**6:.1f} MB, SHA-256 {hashlib.sha256(content).hexdigest()}"
    )
    console.print(f"next: depth-unet predict photo.jpg --weights {out}")
    return []


def load(name: str) -> Checkpoint:
    """The checkpoint that the user means, without what only training needs.

    Raises:
        CheckpointError: There is none, or it cannot be used.
    """
    return without_classes(read(resolve(name), only_weights=True))


def averaged(checkpoints: Sequence[Checkpoint]) -> Checkpoint:
    """The first checkpoint with the mean of the weights of all.

    Means of weights predict well where runs began with the same weights and did not go far.

    Raises:
        ConfigError: They are of different networks, or were trained on different frames.

    Reference:
        Wortsman et al., Model soups, ICML 2022.
    """
    first, *others = checkpoints
    for other in others:
        if what_predicts(other.config) != what_predicts(first.config):
            raise ConfigError(
                "runs of different networks have no mean; give the same --model and --canvas"
            )
        if other.splits != first.splits:
            raise ConfigError(
                "these runs were trained on different frames, so that none would be unseen for "
                "all; average runs of the same split"
            )
    if not others:
        return first
    weights = {
        name: torch.stack([item.weights[name].double() for item in checkpoints]).mean(dim=0)
        for name in first.weights
    }
    seeds = ", ".join(str(item.config.seed) for item in checkpoints)
    origin = f"mean of {len(checkpoints)} runs (seeds {seeds})"
    unscaled = replace(first.config.model, spread_scale=1.0)  # measured for other weights
    return replace(
        first,
        config=replace(first.config, model=unscaled),
        weights={name: weight.to(first.weights[name].dtype) for name, weight in weights.items()},
        metrics={},
        origin="; ".join(filter(None, (first.origin, origin))),
    )


def what_predicts(config: Config) -> tuple[CanvasConfig, ModelConfig]:
    """The settings that say what a weight means."""
    return config.canvas, replace(config.model, pretrained=True, spread_scale=1.0)


def without_classes(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint without the head that is there in training only."""
    config = checkpoint.config
    weights = checkpoint.weights.items()
    return replace(
        checkpoint,
        weights={name: w for name, w in weights if not name.startswith("semantic_head.")},
        config=replace(
            config,
            model=replace(config.model, num_classes=0),
            loss=replace(config.loss, semantics=0.0),
        ),
    )


def with_scale(config: Config, scale: float | None) -> Config:
    """The config with another factor on the spread; None leaves it.

    Raises:
        ConfigError: The network predicts no spread.
    """
    if scale is None:
        return config
    if not config.model.spread:
        raise ConfigError("the network predicts no spread; leave out --spread-scale")
    return replace(config, model=replace(config.model, spread_scale=scale))


def halved(name: str, weight: Tensor) -> Tensor:
    """A weight in half precision.

    Raises:
        ConfigError: It is too large for that.
    """
    half = weight.half()
    if not half.isfinite().all():
        raise ConfigError(f"{name} is too large for fp16; export with --precision fp32")
    return half
