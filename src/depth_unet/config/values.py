"""Configs as plain values for JSON, and back."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from depth_unet.config.augment import AugmentConfig
from depth_unet.config.compute import ComputeConfig
from depth_unet.config.loss import LossConfig, SSIMConfig
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.optim import OptimConfig
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError

_NESTED: dict[str, type[Any]] = {
    "canvas": CanvasConfig,
    "model": ModelConfig,
    "loss": LossConfig,
    "augment": AugmentConfig,
    "optim": OptimConfig,
    "compute": ComputeConfig,
    "ssim_terms": SSIMConfig,
}


def to_dict(config: Config) -> dict[str, Any]:
    """The config as nested plain values."""
    return asdict(config)


def from_dict(values: dict[str, Any]) -> Config:
    """Inverse of ``to_dict``, also after a trip through JSON (lists become tuples).

    Raises:
        ConfigError: A field is unknown, or a value is out of range.
    """
    config = _build(Config, values, "config")
    assert isinstance(config, Config)
    return config


def flat(config: Config) -> dict[str, Any]:
    """Every value by the dotted name of its field.

    Example:
        >>> flat(Config(seed=1))["seed"], flat(Config())["loss.mae"]
        (1, 0.6)
    """
    return _flat(to_dict(config))


def changed(config: Config, values: Mapping[str, Any]) -> Config:
    """The config with other values for some fields, given by dotted name.

    Raises:
        ConfigError: A field is unknown, or a value is out of range.

    Example:
        >>> changed(Config(), {"loss.mae": 0.3}).loss.mae
        0.3
    """
    nested = to_dict(config)
    for name, value in values.items():
        *groups, last = name.split(".")
        place = nested
        for group in groups:
            place = place[group]
        place[last] = value
    return from_dict(nested)


def differences(one: Config, other: Config) -> dict[str, tuple[Any, Any]]:
    """Fields in which two configs differ, by dotted name, with both values.

    Example:
        >>> differences(Config(seed=1), Config(seed=2))
        {'seed': (1, 2)}
    """
    first, second = flat(one), flat(other)
    return {name: (first[name], second[name]) for name in first if first[name] != second[name]}


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def _build(kind: type[Any], values: dict[str, Any], where: str) -> Any:
    unknown = sorted(set(values) - {item.name for item in fields(kind)})
    if unknown:
        raise ConfigError(
            f"{where} has unknown field(s) {', '.join(unknown)}; "
            "use the version of depth-unet that wrote it"
        )
    return kind(**{name: _restored(name, value, where) for name, value in values.items()})


def _restored(name: str, value: Any, where: str) -> Any:
    if name in _NESTED:
        return _build(_NESTED[name], value, f"{where}.{name}")
    return tuple(value) if isinstance(value, list) else value
