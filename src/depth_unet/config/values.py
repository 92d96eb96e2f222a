"""Configs as plain values for JSON, and back; fields as options of the command line."""

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from depth_unet.config.run import Config
from depth_unet.errors import ConfigError


def to_dict(config: Config) -> dict[str, Any]:
    """The config as nested plain values."""
    return asdict(config)


def from_dict(values: dict[str, Any]) -> Config:
    """Inverse of ``to_dict``, also after a trip through JSON (lists become tuples).

    Raises:
        ConfigError: A field is unknown, or a value is out of range.
    """
    config: Config = _build(Config, values, "config")
    return config


def flatten(config: Any, prefix: str = "") -> dict[str, Any]:
    """Every value of a config, or of a part of one, by the dotted name of its field.

    Example:
        >>> flatten(Config(seed=1))["seed"], flatten(Config())["loss.mae"]
        (1, 0.6)
    """
    values = dict[str, Any]()
    for item in fields(config):
        value = getattr(config, item.name)
        if is_dataclass(value):
            values |= flatten(value, f"{prefix}{item.name}.")
        else:
            values[prefix + item.name] = value
    return values


def replace_fields(config: Config, values: Mapping[str, Any]) -> Config:
    """The config with some fields replaced, given by dotted name.

    Raises:
        ConfigError: A field is unknown, or a value is out of range.

    Example:
        >>> replace_fields(Config(), {"loss.mae": 0.3}).loss.mae
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
    """The fields in which two configs differ, by dotted name, with both values.

    Example:
        >>> differences(Config(seed=1), Config(seed=2))
        {'seed': (1, 2)}
    """
    first, second = flatten(one), flatten(other)
    return {name: (first[name], second[name]) for name in first if first[name] != second[name]}


def format_value(value: Any) -> str:
    """A value as text, as the command line reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(map(format_value, value))
    return repr(value) if isinstance(value, float) else str(value)


def format_option(name: str, value: Any) -> list[str]:
    """The words of the option of ``depth-unet train`` that sets a field."""
    *groups, last = name.replace("_", "-").split(".")
    if isinstance(value, bool):
        return [f"--{'.'.join((*groups, last if value else f'no-{last}'))}"]
    items = value if isinstance(value, tuple) else (value,)
    return [f"--{'.'.join((*groups, last))}", *map(format_value, items)]


def _build(kind: type[Any], values: dict[str, Any], where: str) -> Any:
    kinds: dict[str, Any] = {item.name: item.type for item in fields(kind)}
    unknown = sorted(values.keys() - kinds.keys())
    if unknown:
        raise ConfigError(
            f"{where} has unknown field(s) {', '.join(unknown)}; "
            "use the version of depth-unet that wrote it"
        )
    arguments = dict[str, Any]()
    for name, value in values.items():
        if is_dataclass(kinds[name]):
            arguments[name] = _build(kinds[name], value, f"{where}.{name}")
        else:
            arguments[name] = tuple(value) if isinstance(value, list) else value
    return kind(**arguments)
