"""What an export holds: the weights of one run or the mean of several, for prediction alone."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import torch
from torch import Tensor

from depth_unet.config.model import CanvasConfig, CorrelationConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError
from depth_unet.model.checkpoint import Checkpoint, read, resolve


def load_weights(name: str | Path) -> Checkpoint:
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
    return replace(
        first,
        config=replace(first.config, model=_unmeasured(first.config.model)),
        weights={name: weight.to(first.weights[name].dtype) for name, weight in weights.items()},
        metrics={},
        origin="; ".join(filter(None, (first.origin, origin))),
    )


def network_settings(config: Config) -> tuple[CanvasConfig, ModelConfig]:
    """The settings that must agree for weights to be averaged."""
    return config.canvas, replace(_unmeasured(config.model), pretrained=True)


def _unmeasured(model: ModelConfig) -> ModelConfig:
    """The settings without those that were measured for particular weights."""
    return replace(model, spread_scale=1.0, correlation=CorrelationConfig())


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


def set_errors(
    config: Config, spread_scale: float | None, correlation: Sequence[float] | None
) -> Config:
    """The config with other measurements of the errors; None leaves one as it is.

    Args:
        config: The config of the weights.
        spread_scale: Factor on the spread.
        correlation: The values of ``CorrelationConfig``, in its order.

    Raises:
        ConfigError: The network predicts no spread, or a value is out of range.
    """
    if not config.model.spread and (spread_scale or correlation):
        option = "--spread-scale" if spread_scale else "--correlation"
        raise ConfigError(f"the network predicts no spread; leave out {option}")
    model = config.model
    if spread_scale is not None:
        model = replace(model, spread_scale=spread_scale)
    if correlation is not None:
        names = (item.name for item in fields(CorrelationConfig))
        values = dict(zip(names, correlation, strict=True))
        model = replace(model, correlation=CorrelationConfig(**values))
    return replace(config, model=model)


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
