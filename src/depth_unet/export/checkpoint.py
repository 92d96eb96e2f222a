"""What an export holds: the weights of one run or the mean of several, for prediction alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError
from depth_unet.model.checkpoint import Checkpoint, read, resolve


def load_weights(name: str) -> Checkpoint:
    """Read a checkpoint, without what only training needs.

    Raises:
        CheckpointError: There is none, or it cannot be used.
    """
    return drop_class_head(read(resolve(name), only_weights=True))


def average(checkpoints: Sequence[Checkpoint]) -> Checkpoint:
    """The first checkpoint with the mean of the weights of all.

    The mean predicts well if the runs started from the same weights and stayed near them.

    Raises:
        ConfigError: The networks differ, or the training frames.

    Reference:
        Wortsman et al., Model soups, ICML 2022.
    """
    first, *others = checkpoints
    for other in others:
        if network_settings(other.config) != network_settings(first.config):
            raise ConfigError(
                "cannot average different networks; train with the same --model and --canvas"
            )
        if other.splits != first.splits:
            raise ConfigError(
                "the runs have different splits and share no unseen rooms; average runs of the "
                "same split"
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


def network_settings(config: Config) -> tuple[CanvasConfig, ModelConfig]:
    """The settings that must agree for weights to be averaged."""
    return config.canvas, replace(config.model, pretrained=True, spread_scale=1.0)


def drop_class_head(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint without the head for classes, which only training needs."""
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


def set_spread_scale(config: Config, scale: float | None) -> Config:
    """The config with another factor on the spread; None leaves it as it is.

    Raises:
        ConfigError: The network predicts no spread.
    """
    if scale is None:
        return config
    if not config.model.spread:
        raise ConfigError("the network predicts no spread; leave out --spread-scale")
    return replace(config, model=replace(config.model, spread_scale=scale))


def in_half_precision(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights in half precision.

    Raises:
        ConfigError: One is out of range.
    """
    halves = {name: weight.half() for name, weight in weights.items()}
    for name, half in halves.items():
        if not half.isfinite().all():
            raise ConfigError(f"{name} is too large for fp16; export with --precision fp32")
    return halves
