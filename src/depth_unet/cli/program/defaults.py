"""Let tyro trust the defaults of our options."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class TrustingTypeguard(ModuleType):
    """In the place of typeguard, it accepts every value; other names come from typeguard."""

    TypeCheckError = TypeError

    def check_type(self, value: Any, _kind: Any) -> Any:
        """Return the value, whatever its type."""
        return value

    def __getattr__(self, name: str) -> Any:
        del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def trusted_defaults() -> Iterator[None]:
    """Keep tyro from checking defaults with typeguard, unless that is imported already.

    mypy and the tests have checked them, and importing typeguard takes longer than predicting a
    photo.
    """
    name = "typeguard"
    stand_in = sys.modules.setdefault(name, TrustingTypeguard(name))
    try:
        yield
    finally:
        if isinstance(stand_in, TrustingTypeguard) and sys.modules.get(name) is stand_in:
            del sys.modules[name]
