"""The checker that the import hook of `conftest.py` puts on every annotated function."""

from collections.abc import Callable
from typing import Any, Self

from beartype import BeartypeConf, beartype

# An int will do where a float is asked for, as it does for every type checker (PEP 484).
CONFIGURATION = BeartypeConf(is_pep484_tower=True)

# tyro is handed objects in which MISSING stands for what the user has yet to give.
UNCHECKED = "depth_unet.cli.arguments"


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Beartype, without `Self`: the hook hands over lone methods, where beartype refuses it.

    A function within another would be compiled anew at every call of the other.
    """
    if function.__module__.startswith(UNCHECKED) or "<locals>" in function.__qualname__:
        return function
    annotations = getattr(function, "__annotations__", {})
    for name, annotation in annotations.items():
        if annotation is Self:
            annotations[name] = Any
    return beartype(conf=CONFIGURATION)(function)
