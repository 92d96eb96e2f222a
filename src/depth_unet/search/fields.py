"""The fields of a config by dotted name: find one, parse a value."""

import contextlib
import difflib
import functools
import io
import math
from typing import Any, Literal, get_args, get_origin, get_type_hints

import tyro

from depth_unet.config.run import Config
from depth_unet.config.values import flatten
from depth_unet.errors import ConfigError


def find_field(name: str) -> str:
    """The dotted name of a field; words may be joined by hyphens (``optim.weight-decay``).

    Raises:
        ConfigError: No field has that name; the message lists similar ones.
    """
    wanted, names = name.replace("-", "_"), tuple(flatten(Config()))
    if wanted in names:
        return wanted
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    near += [known for known in names if known.split(".")[-1] == wanted and known not in near]
    hint = f"similar: {', '.join(near)}" if near else "see `depth-unet train RECIPE --help`"
    raise ConfigError(f"--space names {name!r}, which is not a setting; {hint}")


@functools.cache
def field_type(name: str) -> Any:
    """The annotation of the field with a dotted name."""
    kind: Any = Config
    for part in name.split("."):
        kind = get_type_hints(kind)[part]
    return kind


def parse_value(name: str, text: str) -> Any:
    """Parse a value of the field with a dotted name, as the command line does.

    Args:
        name: The field.
        text: A number, a word, or true or false; for a list, values separated by spaces.

    Raises:
        ConfigError: The field cannot have this value.
    """
    kind, text = field_type(name), text.strip()
    is_list = get_origin(kind) is tuple
    words = text.split() if is_list else [text.capitalize() if kind is bool else text]
    with contextlib.suppress(SystemExit), contextlib.redirect_stderr(io.StringIO()):
        with contextlib.redirect_stdout(io.StringIO()):
            value = tyro.cli(kind, args=words, config=(tyro.conf.FlagConversionOff,))
        if all(math.isfinite(n) for n in (value if is_list else [value]) if isinstance(n, float)):
            return value
    raise ConfigError(
        f"--space {name}: {text!r} is not a {_describe(kind)}; write {name}=VALUE,VALUE for "
        f"choices or {name}=LOW..HIGH for a range of numbers"
    )


def _describe(kind: Any) -> str:
    names = {float: "number", int: "whole number", bool: "switch (true or false)", str: "word"}
    if get_origin(kind) is Literal:
        return " or ".join(map(str, get_args(kind)))
    return names.get(kind, "list of values separated by spaces")
