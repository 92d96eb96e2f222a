"""The fields of a config by dotted name: find one, read a value for it, write it as an option."""

import contextlib
import difflib
import functools
import math
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from depth_unet.config.run import Config
from depth_unet.config.values import flat
from depth_unet.errors import ConfigError

_SWITCHES = {"true": True, "false": False}


def find_field(name: str) -> str:
    """The dotted name of a field, however its words are joined (``optim.weight-decay``).

    Raises:
        ConfigError: No field has that name; the message lists those that are near.
    """
    wanted, names = name.replace("-", "_"), _names()
    if wanted in names:
        return wanted
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    near += [known for known in names if known.split(".")[-1] == wanted and known not in near]
    hint = f"near it are {', '.join(near)}" if near else "`depth-unet train RECIPE --help` has them"
    raise ConfigError(f"--space names {name!r} and no setting is called that; {hint}")


@functools.cache
def kind_of(name: str) -> Any:
    """The annotation of the field with a dotted name."""
    kind: Any = Config
    for part in name.split("."):
        kind = get_type_hints(kind)[part]
    return kind


def read_value(name: str, text: str) -> Any:
    """A value of the field with a dotted name, from words of the command line.

    Args:
        name: The field.
        text: A number, a word, true or false; for a field of several, values with spaces between.

    Raises:
        ConfigError: The field cannot have this value.
    """
    try:
        return _read(kind_of(name), text.strip())
    except ValueError:
        raise ConfigError(
            f"--space {name}: {text!r} is no {_described(kind_of(name))}; write "
            f"{name}=VALUE,VALUE for choices or {name}=LOW..HIGH for a range of numbers"
        ) from None


def written(value: Any) -> str:
    """A value in the words that ``read_value`` reads."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(written(item) for item in value)
    return repr(value) if isinstance(value, float) else str(value)


def option(name: str, value: Any) -> list[str]:
    """The option of ``depth-unet train`` that gives a field a value, as words for a shell."""
    *groups, last = name.replace("_", "-").split(".")
    if isinstance(value, bool):
        last = last if value else f"no-{last}"
        return [f"--{'.'.join((*groups, last))}"]
    items = value if isinstance(value, tuple) else (value,)
    return [f"--{'.'.join((*groups, last))}", *(written(item) for item in items)]


@functools.cache
def _names() -> tuple[str, ...]:
    return tuple(flat(Config()))


def _read(kind: Any, text: str) -> Any:
    origin, members = get_origin(kind), get_args(kind)
    if origin is Literal:
        return (
            {str(member): member for member in members}[text]
            if text in map(str, members)
            else _no()
        )
    if origin in (Union, types.UnionType):
        for member in members:
            with contextlib.suppress(ValueError):
                return _read(member, text)
        return _no()
    if origin is tuple:
        return _read_several(members, text.split())
    if kind is bool:
        return _SWITCHES[text.lower()] if text.lower() in _SWITCHES else _no()
    value = kind(text)
    return value if not isinstance(value, float) or math.isfinite(value) else _no()


def _read_several(members: tuple[Any, ...], texts: list[str]) -> tuple[Any, ...]:
    kinds = members[:1] * len(texts) if members[-1] is Ellipsis else members
    return tuple(_read(kind, text) for kind, text in zip(kinds, texts, strict=True))


def _no() -> Any:
    raise ValueError


def _described(kind: Any) -> str:
    names = {float: "number", int: "whole number", bool: "true or false", str: "word"}
    if get_origin(kind) is Literal:
        return " or ".join(map(str, get_args(kind)))
    return names.get(kind, "list of values with spaces between")
