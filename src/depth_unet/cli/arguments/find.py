"""Find the options of a command."""

from importlib import import_module
from typing import Any

FILE_OF = {
    "predict": "predict",
    "train": "recipe",
    "resume": "recipe",
    "search": "recipe",
    "evaluate": "scoring",
    "compare": "scoring",
    "leaderboard": "scoring",
    "export": "export",
    "inspect": "data",
    "prepare": "data",
    "label": "data",
    "measure": "measure",
    "app": "app",
    "rooms": "data",
}


def arguments_of(command: str) -> type[Any]:
    """The options of a command, a dataclass; ``resume`` stands for ``train --resume``."""
    module = import_module(f"{__package__}.{FILE_OF[command]}")
    kind: type[Any] = getattr(module, f"{command.title()}Arguments")
    return kind
