"""The checks of types and shapes that `conftest.py` puts on every annotated function."""

import dataclasses
import inspect
from collections.abc import Callable
from functools import update_wrapper, wraps
from types import FunctionType, SimpleNamespace
from typing import Any, Self, get_args, get_type_hints

import jaxtyping
from beartype import BeartypeConf, beartype

# An int will do where a float is asked for, as it does for every type checker (PEP 484).
CONFIGURATION = BeartypeConf(is_pep484_tower=True, violation_type=TypeError)

# tyro is handed objects in which MISSING stands for what the user has yet to give.
UNCHECKED = "depth_unet.cli.arguments"

JAXTYPED = jaxtyping.jaxtyped


def install(package: str) -> None:
    """Check everything that is imported from a package from here on.

    jaxtyping's hook writes `jaxtyping.jaxtyped` before every function and class. That compiles each
    twice at import, binds every call to its signature in Python and checks arguments twice.
    :func:`checked`, in its place, compiles at the first call, and binds where there are shapes.
    """
    jaxtyping.install_import_hook(package, f"{__name__}.{checked.__name__}")
    jaxtyping.jaxtyped = lambda **_: checked


def checked(item: Any) -> Any:
    """A function, or the constructor of a dataclass, checked from its first call on."""
    if isinstance(item, type):
        if dataclasses.is_dataclass(item) and "__init__" in vars(item):
            item.__init__ = checked(item.__init__)
        return item
    # A function within another would be compiled anew at every call of the other.
    if item.__module__.startswith(UNCHECKED) or "<locals>" in item.__qualname__:
        return item
    check: Callable[..., Any] | None = None

    @wraps(item)
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal check
        if jaxtyping.config.jaxtyping_disable:
            return item(*args, **kwargs)
        check = check or _checker(item)
        return check(*args, **kwargs)

    return call


def _checker(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, checked: types by beartype, axes of one call against one another by jaxtyping.

    Beartype's own wrapper of a generator checks arguments only once it is iterated over.
    """
    if inspect.isgeneratorfunction(function):
        return JAXTYPED(function, typechecker=_compiled)
    check = _compiled(function)
    has_axes = any(map(_has_axes, check.__annotations__.values()))
    return JAXTYPED(check, typechecker=None) if has_axes else check


def _has_axes(annotation: Any) -> bool:
    """Whether an annotation speaks of the shape of an array."""
    is_array = isinstance(annotation, type) and issubclass(annotation, jaxtyping.AbstractArray)
    return is_array or any(map(_has_axes, get_args(annotation)))


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Beartype, on a copy with annotations that it can read."""
    copy = FunctionType(
        *(function.__code__, function.__globals__, function.__name__),
        *(function.__defaults__, function.__closure__),
    )
    update_wrapper(copy, function)
    del copy.__wrapped__
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__annotations__ = {
        name: _resolved(kind, function.__globals__)
        for name, kind in getattr(function, "__annotations__", {}).items()
    }
    return beartype(conf=CONFIGURATION)(copy)


def _resolved(annotation: Any, names: dict[str, Any]) -> Any:
    """An annotation without text, or anything: for what only type checkers import or subscript.

    Beartype refuses `Self` in the lone methods that the hook hands over.
    """
    if annotation is Self:
        return Any
    try:
        holder = SimpleNamespace(__annotations__={"item": annotation})
        return get_type_hints(holder, names, include_extras=True)["item"]
    except (NameError, TypeError):
        return Any
