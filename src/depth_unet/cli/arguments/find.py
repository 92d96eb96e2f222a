"""Find the options of a command, and all of them by name."""

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from importlib import import_module
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from tyro.conf import FlagCreatePairsOff, Positional

FILE_OF = {
    "predict": "predict",
    "train": "recipe",
    "resume": "recipe",
    "search": "recipe",
    "evaluate": "scoring",
    "compare": "scoring",
    "leaderboard": "scoring",
    "export": "export",
    "push": "export",
    "inspect": "data",
    "prepare": "data",
    "label": "data",
    "measure": "measure",
    "app": "app",
    "rooms": "data",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option or operand of a command.

    Attributes:
        path: The fields that lead to it, such as ``("settings", "optim", "lr")``.
        kind: Its type.
        marks: What the annotation says besides.
        paired: Whether a switch has a ``--no-`` form.
        default: Its value without the option; ``MISSING`` where the option is required.
    """

    path: tuple[str, ...]
    kind: Any
    marks: tuple[Any, ...]
    paired: bool
    default: Any = MISSING

    @property
    def name(self) -> str:
        """Its name in a file of settings, such as ``optim.lr``."""
        return ".".join(self.path[1:] or self.path)

    @property
    def flag(self) -> str:
        """Its name on the command line; empty for an operand."""
        return "" if Positional in self.marks else f"--{self.name.replace('_', '-')}"

    @property
    def choices(self) -> list[str]:
        """The values that can be listed, in order."""
        return [str(value) for part in _parts(self.kind) for value in get_args(part)]

    @property
    def is_choice(self) -> bool:
        """Whether it takes no other values than ``choices``."""
        return {get_origin(part) for part in _parts(self.kind) if part is not NoneType} == {Literal}


def arguments_of(command: str) -> type[Any]:
    """The options of a command, a dataclass; ``resume`` stands for ``train --resume``."""
    module = import_module(f"{__package__}.{FILE_OF[command]}")
    kind: type[Any] = getattr(module, f"{command.title()}Arguments")
    return kind


def _parts(kind: Any) -> Iterator[Any]:
    """The types of single values; a choice is a ``Literal``."""
    if get_origin(kind) in (Union, UnionType, tuple):
        for part in get_args(kind):
            yield from _parts(part)
    elif kind is not Ellipsis:
        yield kind


def options_of(kind: Any, path: tuple[str, ...] = (), paired: bool = True) -> Iterator[Option]:
    """Every option and operand of a dataclass of arguments, in order.

    Args:
        kind: What ``arguments_of`` returned.
        path: The fields that lead to it.
        paired: Whether its switches have a ``--no-`` form.
    """
    defaults = {field.name: field.default for field in fields(kind)}
    for field, hint in get_type_hints(kind, include_extras=True).items():
        plain, *marks = get_args(hint) if hasattr(hint, "__metadata__") else (hint,)
        here, both = (*path, field), paired and FlagCreatePairsOff not in marks
        if is_dataclass(plain):
            yield from options_of(plain, here, both)
        else:
            yield Option(
                path=here,
                kind=plain,
                marks=tuple(marks),
                paired=both,
                default=defaults[field],
            )
