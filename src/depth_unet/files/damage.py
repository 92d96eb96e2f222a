"""Errors of libraries about damaged files, as one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from depth_unet.errors import ConfigError, DataError

MOST_WORDS = 300


@contextmanager
def told_as_damage(
    where: object, says: str = "is damaged", remedy: str = "download it again"
) -> Iterator[None]:
    """Raise errors of the block as ``DataError``, except our own.

    Only for calls of libraries that parse a file: what they raise for damaged files is
    undocumented and has no common base class.

    Args:
        where: File and row.
        says: The fault.
        remedy: What to do.
    """
    try:
        yield
    except (ConfigError, DataError):
        raise
    except Exception as error:
        raise DataError(f"{where} {says} ({one_line(error)}); {remedy}") from None


def one_line(error: BaseException) -> str:
    """The first line of an error's message, or its type if the message is empty."""
    words = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return words[:MOST_WORDS] or type(error).__name__
