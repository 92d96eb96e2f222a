"""The search space: which settings vary, and the values that they may take."""

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from depth_unet.config.choices import SamplerChoice
from depth_unet.config.run import Config
from depth_unet.config.values import format_value, replace_fields
from depth_unet.errors import ConfigError
from depth_unet.search.fields import field_type, find_field, parse_value

PAPER_GRID = tuple(f"loss.{name}=0.2,0.6,1.0" for name in ("mae", "gradient_edge", "ssim"))
PAPER_RANGES = tuple(f"loss.{name}=0.1..1.0" for name in ("mae", "gradient_edge", "ssim"))
FIXED = {
    "recipe": "it is only a name",
    "seed": "it also decides which rooms are held out, so results could not be compared",
    "holdout": "it decides which rooms are held out, so results could not be compared",
}
MAX_CHECKED = 500  # combinations that are checked before the search starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A setting that takes one of several values.

    Attributes:
        name: Dotted name of the field.
        values: At least two, all different.
    """

    name: str
    values: tuple[Any, ...]

    def labels(self) -> tuple[Any, ...]:
        """The values as the database stores them: lists as text, others unchanged."""
        return tuple(format_value(v) if isinstance(v, tuple) else v for v in self.values)

    def value(self, label: Any) -> Any:
        """The value that a label stands for."""
        return self.values[self.labels().index(label)]

    def ends(self) -> tuple[Any, ...]:
        """The values to check combinations with: all of them."""
        return self.values

    def __str__(self) -> str:
        return ",".join(format_value(value) for value in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A setting that takes any number from ``low`` to ``high``, both included.

    Attributes:
        name: Dotted name of the field.
        low: The lower end; an int if the field holds whole numbers.
        high: The upper end, of the same type.
        log: Whether values are drawn on a logarithmic scale.
    """

    name: str
    low: float
    high: float
    log: bool = False

    def value(self, label: Any) -> Any:
        """Numbers are stored as they are."""
        return label

    def ends(self) -> tuple[Any, ...]:
        """The values to check combinations with: both ends."""
        return (self.low, self.high)

    def between(self) -> range:
        """The whole numbers of the range if they are few enough to check each; else none."""
        whole = isinstance(self.low, int) and self.high - self.low < MAX_CHECKED
        return range(int(self.low), int(self.high) + 1) if whole else range(0)

    def __str__(self) -> str:
        return f"{format_value(self.low)}..{format_value(self.high)}{':log' if self.log else ''}"


Dimension = Choices | Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The settings that vary."""

    dimensions: tuple[Dimension, ...]

    def values(self, labels: Mapping[str, Any]) -> dict[str, Any]:
        """Field values from the labels in the database."""
        return {each.name: each.value(labels[each.name]) for each in self.dimensions}

    def grid(self, seed: int) -> list[dict[str, Any]]:
        """Labels of every combination of choices, shuffled by the seed.

        Shuffled so that the first trials already cover the whole grid.
        """
        names = [each.name for each in self.dimensions]
        labels = [each.labels() for each in self.dimensions if isinstance(each, Choices)]
        combinations = [dict(zip(names, row, strict=True)) for row in itertools.product(*labels)]
        random.Random(seed).shuffle(combinations)
        return combinations

    def __str__(self) -> str:
        return " ".join(f"{each.name}={each}" for each in self.dimensions)


def parse_space(texts: Sequence[str], config: Config, sampler: SamplerChoice) -> Space:
    """Parse a space and check that every config in it is valid.

    Args:
        texts: ``NAME=VALUE,VALUE,...`` or ``NAME=LOW..HIGH`` or ``NAME=LOW..HIGH:log``; empty
            for the paper's three loss weights.
        config: The settings that do not vary.
        sampler: ``grid`` takes choices only.

    Raises:
        ConfigError: A name, a value or a combination of values is invalid.
    """
    texts = texts or (PAPER_GRID if sampler == "grid" else PAPER_RANGES)
    dimensions = tuple(_dimension(text) for text in texts)
    names = [each.name for each in dimensions]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"--space has {name} twice; give all its values at once")
    ranges = [each for each in dimensions if isinstance(each, Range)]
    if sampler == "grid" and ranges:
        raise ConfigError(
            f"--sampler grid needs choices, but --space {ranges[0].name}={ranges[0]} is a range; "
            f"write {ranges[0].name}=VALUE,VALUE,... or use --sampler random or tpe"
        )
    space = Space(dimensions=dimensions)
    for values in _probes(space):
        _check(config, values)
    return space


def _dimension(text: str) -> Dimension:
    name, equals, given = text.partition("=")
    if not equals or not given:
        raise ConfigError(
            f"--space {text!r} has no values; write loss.mae=0.2,0.6,1.0 for choices or "
            "loss.mae=0.1..1.0 for a range"
        )
    name = find_field(name.strip())
    if name in FIXED:
        raise ConfigError(f"--space cannot vary {name}: {FIXED[name]}; leave it out")
    return _range(name, given) if ".." in given else _choices(name, given)


def _choices(name: str, given: str) -> Choices:
    values = tuple(parse_value(name, text) for text in given.split(","))
    if len(set(values)) < max(2, len(values)):
        raise ConfigError(
            f"--space {name}={given} needs two values or more, all different; "
            f"to fix one, use --{name.replace('_', '-')} VALUE"
        )
    return Choices(name=name, values=values)


def _range(name: str, given: str) -> Range:
    if field_type(name) not in (int, float):
        raise ConfigError(
            f"--space {name}={given} is a range, but {name} is not a number; "
            f"write {name}=VALUE,VALUE"
        )
    ends, colon, scale = given.partition(":")
    low, high = (parse_value(name, text) for text in ends.split("..", maxsplit=1))
    if colon and scale != "log":
        raise ConfigError(f"--space {name}={given}: unknown scale {scale!r}; write LOW..HIGH:log")
    if not low < high or (colon and low <= 0):
        rule = "0 < LOW < HIGH" if colon else "LOW < HIGH"
        raise ConfigError(f"--space {name}={given} is not a valid range; it needs {rule}")
    return Range(name=name, low=low, high=high, log=bool(colon))


def _probes(space: Space) -> Iterator[dict[str, Any]]:
    """Values to check: each whole number of a range, then all combinations or a sample of them."""
    for each in space.dimensions:
        if isinstance(each, Range):
            yield from ({each.name: value} for value in each.between())
    names, ends = [each.name for each in space.dimensions], [e.ends() for e in space.dimensions]
    rows: Iterable[tuple[Any, ...]] = itertools.product(*ends)
    if math.prod(map(len, ends)) > MAX_CHECKED:
        rng = random.Random(0)
        rows = (tuple(rng.choice(part) for part in ends) for _ in range(MAX_CHECKED))
    for row in rows:
        yield dict(zip(names, row, strict=True))


def _check(config: Config, values: Mapping[str, Any]) -> None:
    try:
        replace_fields(config, values)
    except ConfigError as error:
        found = " ".join(f"{name}={format_value(value)}" for name, value in values.items())
        raise ConfigError(f"--space allows {found}, but {error}; narrow the space") from None
