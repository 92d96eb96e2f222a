"""What the options of several commands are made of: how help shows them, and shared types."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from depth_unet.config import choices


def option(metavar: str | None = None, *, default: str | None = None, short: str = "") -> Any:
    """How help shows an option: its value, the default where code derives it, a short form."""
    hint = None if default is None else f"(default: {default})"
    aliases = (short,) if short else None
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=hint, aliases=aliases)


def operand(metavar: str) -> Any:
    """How help shows a required positional argument that may be repeated."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint="(required)")


DataSet = Annotated[Path, option("DIR")]
Form = Annotated[choices.FormChoice | None, option(default="recognised")]
Switch = Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help_behavior_hint="")]
"""A flag that is off by default and has no --no- form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandArguments:
    """What all commands share."""

    config: Annotated[Path | None, option("FILE")] = None
    """YAML file of options, such as config.yaml of a run (docs/settings.md). Options on the command
    line override it."""
