"""The checks that all parts of a config use."""

import json
import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from depth_unet.errors import ConfigError


def require(condition: bool, message: str) -> None:
    """Raise ConfigError unless ``condition`` holds; the message gives value, rule and remedy."""
    if not condition:
        raise ConfigError(message)


def check_range(name: str, value: Any, interval: str) -> None:
    """Check that a number, or every number of a tuple, lies in an interval.

    Args:
        name: The setting, as the message names it.
        value: The number or numbers. Infinity and NaN lie in no interval.
        interval: Its ends, such as ``[0, 1)``; the end at a round bracket is excluded.

    Raises:
        ConfigError: A number is outside.

    Example:
        >>> check_range("augment.flip", 1.5, "[0, 1]")
        Traceback (most recent call last):
        depth_unet.errors.ConfigError: augment.flip is 1.5; choose a number in [0, 1]
    """
    low, high = json.loads(f"[{interval[1:-1]}]")  # whole numbers stay exact
    for number in value if isinstance(value, tuple) else (value,):
        inside = low < number < high
        inside |= interval[0] == "[" and number == low
        inside |= interval[-1] == "]" and number == high
        choose = "numbers" if isinstance(value, tuple) else "a number"
        require(inside, f"{name} is {value}; choose {choose} in {interval}")


def check_number(name: str, value: object, interval: str) -> float:
    """Return a number that lies in an interval; see ``check_range``.

    Raises:
        ConfigError: It is outside.
        TypeError: It is no number, or a truth value.
    """
    number = as_number(name, value)
    check_range(name, value, interval)
    return number


def as_number(name: str, value: object) -> float:
    """Return a number; too large ones become infinity.

    Raises:
        TypeError: It is no number, or a truth value.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} is of type {type(value).__name__}; expected a number")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def is_whole(value: object) -> bool:
    """Whether it is a whole number and no truth value."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_ranges(config: object, prefix: str, ranges: Mapping[str, str]) -> None:
    """Check fields of a config against their intervals; ``prefix`` goes before their names."""
    for name, interval in ranges.items():
        check_range(prefix + name, getattr(config, name), interval)
