"""Options that are given more than once, of which tyro keeps the last without a word."""

import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, get_origin, get_type_hints

from depth_unet.errors import ConfigError

OPTION = re.compile(r"--(?P<name>[^\W\d][^=]*)(=(?P<value>.*))?|-o=?(?P<out>.*)", re.DOTALL)


def join_repeated(arguments: Sequence[str], kind: type[Any]) -> list[str]:
    """Join the values of list options: ``--save npy --save ply`` becomes ``--save npy ply``.

    Switches may be repeated. So may settings of a recipe, of which the last counts: scripts add
    their own to those of others.

    Args:
        arguments: The command's arguments.
        kind: The dataclass of its options.

    Raises:
        ConfigError: Another option of the command is given twice, with different values, or a list
            option without any, where that would mean that it is left out.
    """
    types = get_type_hints(kind)
    written = list[list[str]]()
    first = dict[str, list[str]]()
    for name, words, values in _groups(arguments):
        expected, flag = types.get(name, bool), f"--{name.replace('_', '-')}"
        is_list = get_origin(expected) is tuple
        if expected is bool or is_dataclass(expected):
            written.append(words)
        elif name not in first:
            first[name] = values
            written += [[flag], values] if is_list else [words]
        elif is_list:
            first[name] += values
        elif first[name] != values:
            one, other = (" ".join(given) for given in (first[name], values))
            raise ConfigError(f"{flag} is given twice, as {one} and {other}; give it once")
    for option in fields(kind):
        if option.default == () and first.get(option.name) == []:
            raise ConfigError(f"--{option.name.replace('_', '-')} has no value; give one or more")
    return [word for words in written for word in words]


def option_values(arguments: Sequence[str], name: str) -> list[str]:
    """All words that follow an option, also where it is given more than once."""
    return [word for each, _, values in _groups(arguments) if each == name for word in values]


def _groups(arguments: Sequence[str]) -> list[tuple[str, list[str], list[str]]]:
    """Every option: the name of its field, all words up to the next option, and its values."""
    groups = [("", list[str](), list[str]())]
    for word in arguments:
        found = OPTION.fullmatch(word)
        if found is None:
            for part in groups[-1][1:]:
                part.append(word)
            continue
        value = found["value"] if found["name"] else found["out"] or None
        name = (found["name"] or "out").replace("-", "_")
        groups.append((name, [word], [] if value is None else [value]))
    return groups
