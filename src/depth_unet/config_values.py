"""Configs as plain values for JSON, and back."""

from dataclasses import asdict, fields
from typing import Any

from depth_unet.config import (
    AugmentConfig,
    CanvasConfig,
    Config,
    LossConfig,
    ModelConfig,
    OptimConfig,
    SSIMConfig,
)
from depth_unet.errors import ConfigError

_NESTED: dict[str, type[Any]] = {
    "canvas": CanvasConfig,
    "model": ModelConfig,
    "loss": LossConfig,
    "augment": AugmentConfig,
    "optim": OptimConfig,
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
