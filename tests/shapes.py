"""The checker that the import hook of `conftest.py` puts on every annotated function."""

from collections.abc import Callable
from typing import Any, Self

from beartype import beartype


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Beartype, without `Self`: the hook hands over lone methods, where beartype refuses it."""
    annotations = getattr(function, "__annotations__", {})
    for name, annotation in annotations.items():
        if annotation is Self:
            annotations[name] = Any
    return beartype(function)
