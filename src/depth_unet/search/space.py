"""The search space: which settings vary, and over which values."""

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from depth_unet.config.run import Config
from depth_unet.config.values import changed
from depth_unet.errors import ConfigError
from depth_unet.search.fields import find_field, kind_of, read_value, written

Sampler = Literal["grid", "random", "tpe"]
PAPER_GRID = tuple(f"loss.{name}=0.2,0.6,1.0" for name in ("mae", "gradient_edge", "ssim"))
PAPER_RANGES = tuple(f"loss.{name}=0.1..1.0" for name in ("mae", "gradient_edge", "ssim"))
FIXED = {
    "recipe": "it is a name and changes nothing",
    "seed": "it also decides which rooms are unseen, so results could not be compared",
    "holdout": "it decides which rooms are unseen, so results could not be compared",
}
MOST_CHECKED = 500  # combinations of which each is built before the search begins


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
        """The values as a database keeps them: numbers and words as they are, lists as text."""
        return tuple(written(v) if isinstance(v, tuple) else v for v in self.values)

    def ordered(self) -> tuple[Any, ...]:
        """The values from small to large, where they are numbers; else as they were given."""
        numbers = all(isinstance(v, int | float) for v in self.values)
        return tuple(sorted(self.values)) if numbers else self.values

    def value(self, label: Any) -> Any:
        """The value with a label."""
        return self.values[self.labels().index(label)]

    def ends(self) -> tuple[Any, ...]:
        """Values that combinations are tried with: all."""
        return self.values

    def __str__(self) -> str:
        return ",".join(written(value) for value in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A setting that takes any number between two ends, both included.

    Attributes:
        name: Dotted name of the field.
        low: The smaller end; for a field of whole numbers an int.
        high: The larger end.
        log: Whether each factor is equally likely, not each difference.
    """

    name: str
    low: float
    high: float
    log: bool = False

    def value(self, label: Any) -> Any:
        """A number is its own label."""
        return label

    def ends(self) -> tuple[Any, ...]:
        """Values that combinations are tried with: both ends."""
        return (self.low, self.high)

    def between(self) -> range:
        """The whole numbers of the range, where they are few enough to try each; else none."""
        whole = isinstance(self.low, int) and self.high - self.low < MOST_CHECKED
        return range(int(self.low), int(self.high) + 1) if whole else range(0)

    def __str__(self) -> str:
        return f"{written(self.low)}..{written(self.high)}{':log' if self.log else ''}"


Dimension = Choices | Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The settings that vary together; every other setting is the recipe's."""

    dimensions: tuple[Dimension, ...]

    def values(self, labels: Mapping[str, Any]) -> dict[str, Any]:
        """Field values from what the database keeps."""
        return {each.name: each.value(labels[each.name]) for each in self.dimensions}

    def grid(self, seed: int) -> list[dict[str, Any]]:
        """Labels of every combination of choices, in an order that the seed decides.

        The order is random so that the first part of a grid is spread over all of it.
        """
        names = [each.name for each in self.dimensions]
        labels = [each.labels() for each in self.dimensions if isinstance(each, Choices)]
        combinations = [dict(zip(names, row, strict=True)) for row in itertools.product(*labels)]
        random.Random(seed).shuffle(combinations)
        return combinations

    def __str__(self) -> str:
        return " ".join(f"{each.name}={each}" for each in self.dimensions)


def parse_space(texts: Sequence[str], config: Config, sampler: Sampler) -> Space:
    """Read and check a space: every config that it allows can be built.

    Args:
        texts: ``NAME=VALUE,VALUE,...`` or ``NAME=LOW..HIGH`` or ``NAME=LOW..HIGH:log``; empty
            takes the paper's three loss weights.
        config: The settings that do not vary.
        sampler: A grid needs choices; the others take ranges too.

    Raises:
        ConfigError: A name or a value is none, or a combination of values is refused.
    """
    texts = texts or (PAPER_GRID if sampler == "grid" else PAPER_RANGES)
    dimensions = tuple(_dimension(text) for text in texts)
    names = [each.name for each in dimensions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigError(f"--space names {twice} twice; give all its values at once")
    ranges = [each for each in dimensions if isinstance(each, Range)]
    if sampler == "grid" and ranges:
        raise ConfigError(
            f"--sampler grid needs choices and --space {ranges[0].name}={ranges[0]} is a range; "
            f"write {ranges[0].name}=VALUE,VALUE,... or choose --sampler random or tpe"
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
    values = tuple(read_value(name, text) for text in given.split(","))
    if len(set(values)) < max(2, len(values)):
        raise ConfigError(
            f"--space {name}={given} needs two values or more, all different; "
            f"a single one is an option: --{name.replace('_', '-')} VALUE"
        )
    return Choices(name=name, values=values)


def _range(name: str, given: str) -> Range:
    if kind_of(name) not in (int, float):
        raise ConfigError(
            f"--space {name}={given} is a range and {name} is no number; write {name}=VALUE,VALUE"
        )
    ends, colon, scale = given.partition(":")
    low, high = (read_value(name, text) for text in ends.split("..", maxsplit=1))
    if colon and scale != "log":
        raise ConfigError(f"--space {name}={given} ends in {scale!r}; write LOW..HIGH:log")
    if not low < high or (colon and low <= 0):
        rule = "0 < LOW < HIGH" if colon else "LOW < HIGH"
        raise ConfigError(f"--space {name}={given} is no range; choose {rule}")
    return Range(name=name, low=low, high=high, log=bool(colon))


def _probes(space: Space) -> Iterator[dict[str, Any]]:
    """Values to try: whole numbers alone, then combinations: all, or a sample of too many."""
    for each in space.dimensions:
        if isinstance(each, Range):
            yield from ({each.name: value} for value in each.between())
    names, ends = [each.name for each in space.dimensions], [e.ends() for e in space.dimensions]
    if math.prod(map(len, ends)) <= MOST_CHECKED:
        rows: Iterator[tuple[Any, ...]] = itertools.product(*ends)
    else:
        draw = random.Random(0)
        rows = (tuple(draw.choice(part) for part in ends) for _ in range(MOST_CHECKED))
    for row in rows:
        yield dict(zip(names, row, strict=True))


def _check(config: Config, values: Mapping[str, Any]) -> None:
    try:
        changed(config, values)
    except ConfigError as error:
        told = " ".join(f"{name}={written(value)}" for name, value in values.items())
        raise ConfigError(f"--space allows {told}, and {error}; narrow the space") from None
