"""Options that are given more than once, of which tyro keeps the last without a word."""

import re
from collections.abc import Sequence
from dataclasses import is_dataclass
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
        ConfigError: Another option of the command is given twice, with different values.
    """
    types = get_type_hints(kind)
    groups = list[list[str]]()
    first = dict[str, list[str]]()
    for name, words in _groups(arguments):
        expected = types.get(name, bool)
        if expected is bool or is_dataclass(expected) or first.setdefault(name, words) is words:
            groups.append(words)
        elif get_origin(expected) is tuple:
            first[name] += words[1:]
        elif first[name][1:] != words[1:]:
            one, other = (" ".join(given[1:]) for given in (first[name], words))
            raise ConfigError(f"{words[0]} is given twice, as {one} and {other}; give it once")
    return [word for words in groups for word in words]


def _groups(arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Every option, by the name of its field, with all words up to the next option."""
    groups = [("", list[str]())]
    for word in arguments:
        found = OPTION.fullmatch(word)
        if found is None:
            groups[-1][1].append(word)
            continue
        flag = found["name"] or "out"
        value = found["value"] if found["name"] else found["out"] or None
        words = [f"--{flag}", *([] if value is None else [value])]
        groups.append((flag.replace("-", "_"), words))
    return groups
