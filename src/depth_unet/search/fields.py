"""The fields of a config by dotted name: find one, parse a value for it, write it as an option."""

import contextlib
import difflib
import functools
import io
import math
from typing import Any, Literal, get_args, get_origin, get_type_hints

import tyro

from depth_unet.config.run import Config
from depth_unet.config.values import flat
from depth_unet.errors import ConfigError


def find_field(name: str) -> str:
    """The dotted name of a field, with dashes or underscores (``optim.weight-decay``).

    Raises:
        ConfigError: No field has that name; the message lists similar ones.
    """
    wanted, names = name.replace("-", "_"), tuple(flat(Config()))
    if wanted in names:
        return wanted
    similar = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    similar += [known for known in names if known.split(".")[-1] == wanted and known not in similar]
    hint = (
        f"did you mean {' or '.join(similar)}?" if similar else "see `depth-unet train RECIPE -h`"
    )
    raise ConfigError(f"--space names {name!r}, which is not a setting; {hint}")


@functools.cache
def field_type(name: str) -> Any:
    """The annotation of a field."""
    annotation: Any = Config
    for part in name.split("."):
        annotation = get_type_hints(annotation)[part]
    return annotation


def parse_value(name: str, text: str) -> Any:
    """Parse a value of a field as the command line does.

    Args:
        name: Dotted name of the field.
        text: A number, a word, true or false; values with spaces between for a tuple.

    Raises:
        ConfigError: The field cannot have this value.
    """
    kind = field_type(name)
    text = text.strip()
    words = [text.capitalize()] if kind is bool else [text]
    if get_origin(kind) is tuple:
        words = text.split()
    markers = (tyro.conf.FlagConversionOff, tyro.conf.PositionalRequiredArgs)
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            value: Any = tyro.cli(kind, args=words, add_help=False, config=markers)
    except SystemExit:
        value = math.nan
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(
            f"--space {name}: {text!r} is not {_describe(kind)}; write {name}=VALUE,VALUE for "
            f"choices or {name}=LOW..HIGH for a range of numbers"
        )
    return value


def format_value(value: Any) -> str:
    """A value as text that ``parse_value`` reads."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(format_value(item) for item in value)
    return repr(value) if isinstance(value, float) else str(value)


def short_value(value: Any) -> str:
    """A value for people: four significant digits."""
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else format_value(value)


def option(name: str, value: Any) -> list[str]:
    """The option of ``depth-unet train`` that sets a field, as separate words."""
    *groups, last = name.replace("_", "-").split(".")
    if isinstance(value, bool):
        return [f"--{'.'.join((*groups, last if value else f'no-{last}'))}"]
    items = value if isinstance(value, tuple) else (value,)
    return [f"--{'.'.join((*groups, last))}", *(format_value(item) for item in items)]


def _describe(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(map(str, get_args(kind)))
    names = {float: "a number", int: "a whole number", bool: "true or false", str: "a word"}
    return names.get(kind, "a list of values with spaces between")
